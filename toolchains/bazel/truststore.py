"""The certificates that the host trusts, as a Java key store.

Debian creates this file when Java is installed, and a prefix is only unpacked. It is made from the
host's bundle, so that it includes certificates that an administrator added.
"""

import base64
import hashlib
import re
import struct
from pathlib import Path

from toolchains.debian.errors import UnavailableError

_BUNDLES = (
    Path("/etc/ssl/certs/ca-certificates.crt"),
    Path("/etc/pki/tls/certs/ca-bundle.crt"),
    Path("/etc/ssl/cert.pem"),
)

_PASSWORD = "changeit"  # Java's default; the file contains no secrets
_MAGIC, _VERSION, _TRUSTED_CERTIFICATE = 0xFEEDFEED, 2, 2


def host_bundle() -> str:
    """The host's bundle of trusted certificates, PEM.

    Raises:
        UnavailableError: the host has no bundle.
    """
    for bundle in _BUNDLES:
        if bundle.exists():
            return bundle.read_text(encoding="ascii", errors="replace")
    raise UnavailableError(f"{_BUNDLES[0]} does not exist: install the package ca-certificates")


def java_key_store(bundle: str) -> bytes:
    """A Java key store (JKS, version 2) that trusts every certificate of a PEM bundle."""
    pem = r"-----BEGIN CERTIFICATE-----(.+?)-----END CERTIFICATE-----"
    certificates = [base64.b64decode(body) for body in re.findall(pem, bundle, re.DOTALL)]
    store = struct.pack(">III", _MAGIC, _VERSION, len(certificates))
    for number, certificate in enumerate(certificates):
        created = 0
        store += struct.pack(">I", _TRUSTED_CERTIFICATE) + _utf(f"host-{number}")
        store += struct.pack(">Q", created) + _utf("X.509")
        store += struct.pack(">I", len(certificate)) + certificate
    # The format ends with this digest; the phrase is part of the format.
    return (
        store + hashlib.sha1(_PASSWORD.encode("utf-16-be") + b"Mighty Aphrodite" + store).digest()
    )


def _utf(text: str) -> bytes:
    """Text in the format of java.io.DataOutput.writeUTF (ASCII only)."""
    return struct.pack(">H", len(text)) + text.encode("ascii")
