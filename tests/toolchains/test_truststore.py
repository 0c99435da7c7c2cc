"""The key store is valid for Java's keytool."""

import base64
import shutil
import subprocess
from pathlib import Path

import pytest

from toolchains.bazel import truststore

# A certificate for CN=test, valid until 2126.
CERTIFICATE = """\
-----BEGIN CERTIFICATE-----
MIIBdDCCARugAwIBAgIUYsidFRIjATTnCqAqXeOa7iESjS4wCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEdGVzdDAgFw0yNjExMjIxNTEzMzJaGA8yMTI2MTAyOTE1MTMz
MlowDzENMAsGA1UEAwwEdGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABFFZ
kG2aR8T0ylfMWrtPOCi0G/SM2CMDk7QwbswRNuTbjEkyouirF896nPLi9C6lzxhN
DA3+ttbN8+IYmL+nstujUzBRMB0GA1UdDgQWBBRihllNnpjwItXJnFcz2JnO3GxU
JzAfBgNVHSMEGDAWgBRihllNnpjwItXJnFcz2JnO3GxUJzAPBgNVHRMBAf8EBTAD
AQH/MAoGCCqGSM49BAMCA0cAMEQCIH72y52FX+xXWsM7mqwNy+yef83EEePvp5PG
sjCOmY6UAiASHuUZrBETpBDnzwXDJFz5DFqSrtKKn1g3RzLj0LuCeQ==
-----END CERTIFICATE-----
"""


def test_keytool_reads_every_certificate(tmp_path: Path) -> None:
    keytool = shutil.which("keytool")
    if keytool is None:
        pytest.skip("not run: keytool is not on PATH")
    store = tmp_path / "cacerts"
    store.write_bytes(truststore.java_key_store(f"# a comment\n{CERTIFICATE}{CERTIFICATE}"))

    output = subprocess.run(
        [keytool, "-list", "-keystore", str(store), "-storepass", "changeit"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    assert output.count("trustedCertEntry") == 2


def test_the_certificates_are_in_the_store_unchanged() -> None:
    body = "".join(CERTIFICATE.splitlines()[1:-1])

    assert base64.b64decode(body) in truststore.java_key_store(CERTIFICATE)


def test_an_empty_bundle_makes_an_empty_store() -> None:
    store = truststore.java_key_store("")

    header, digest = store[:12], store[12:]
    assert header == bytes.fromhex("feedfeed 00000002 00000000")
    assert len(digest) == 20
