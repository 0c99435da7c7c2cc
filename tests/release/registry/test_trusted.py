"""Trusted publishing: no secret is given, the CI says who it is, and the registry makes a token."""

from __future__ import annotations

import base64
import ipaddress
import json
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from twine.auth import Resolver
from typer.testing import CliRunner

from release.cli import push
from release.registry.registry import Registry
from tests.release.registry.conftest import digests, stated
from tests.servers.registry.servers import PASSWORD, USER, Place
from tests.servers.remote.wire import Answer, Request, serving

RUNNER, IDENTITY, MINTED = (
    "of-the-runner",
    "eyJhbGciOiJub25lIn0.eyJhdWQiOiJyZWdpc3RyeSJ9.c2ln",
    "pypi-mintedForAQuarterOfAnHour",
)


def basic(user: str, password: str) -> str:
    """The header by which a password is given."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def certificate(directory: Path) -> tuple[Path, ssl.SSLContext]:
    """Makes a certificate for this machine, and what serves with it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    public, private = directory / "certificate.pem", directory / "key.pem"
    public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    return public, context


@dataclass(slots=True)
class Hub:
    """A registry that makes tokens, and the CI's service that says who a job is."""

    place: Place
    trusts: bool = True
    minted: int = 0
    uploads: list[str] = field(default_factory=list)
    """Credentials of each."""

    def answer(self, request: Request) -> Answer:
        """Answers both of them."""
        path = request.path.partition("?")[0]
        if path == "/_/oidc/audience":
            return Answer.of_json(200, {"audience": "registry"})
        if path == "/identity":
            assert request.headers["authorization"].lower() == f"bearer {RUNNER}"
            assert "audience=registry" in request.path
            return Answer.of_json(200, {"value": IDENTITY})
        if path == "/_/oidc/mint-token":
            assert json.loads(request.body) == {"token": IDENTITY}
            if not self.trusts:
                error = {"code": "invalid-publisher", "description": "no such publisher"}
                return Answer.of_json(422, {"message": "refused", "errors": [error]})
            self.minted += 1
            return Answer.of_json(200, {"success": True, "token": MINTED})
        given = request.headers.get("authorization", "")
        if request.method == "POST":
            self.uploads.append(given)
        # What is behind knows one password, and not the one that was made.
        known = basic(USER, PASSWORD) if given == basic("__token__", MINTED) else "Basic bm8="
        return self.place.front.answer(
            replace(request, headers={**request.headers, "authorization": known})
        )


@pytest.fixture
def hub(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Hub, str]]:
    """A job of a CI, and the registry, both under one address."""
    public, context = certificate(tmp_path)
    made = Hub(place)
    with serving(made.answer, context) as url:
        monkeypatch.delenv("TWINE_USERNAME")
        monkeypatch.delenv("TWINE_PASSWORD")
        monkeypatch.setenv("GITHUB_ACTIONS", "true")
        monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", RUNNER)
        monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_URL", f"{url}/identity?version=2")
        for variable in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
            monkeypatch.setenv(variable, str(public))
        # twine offers it to one registry, and that is not on this machine.
        monkeypatch.setattr(Resolver, "is_pypi", lambda _: True)
        monkeypatch.setattr(Registry, "local", False)
        yield made, f"{url}/{place.upload.split('/', 3)[3]}"


def test_a_job_that_the_registry_trusts_needs_no_secret(
    hub: tuple[Hub, str], place: Place, release: Path
) -> None:
    made, upload = hub
    result = CliRunner().invoke(
        push.app,
        ["--registry", upload, "--index", place.index, "--yes", "--from", str(release)],
    )
    assert result.exit_code == 0, result.output
    assert digests(place) == stated(release)
    assert made.uploads == [basic("__token__", MINTED)] * 3
    assert made.minted == 1
    for secret in (MINTED, IDENTITY, RUNNER):
        assert secret not in result.output


def test_a_job_that_it_does_not_trust_is_told_so(
    hub: tuple[Hub, str], place: Place, release: Path
) -> None:
    made, upload = hub
    made.trusts = False
    result = CliRunner().invoke(
        push.app,
        ["--registry", upload, "--index", place.index, "--yes", "--from", str(release)],
    )
    assert result.exit_code == 2, result.output
    (line,) = result.stderr.splitlines()
    assert "no such publisher" in line
    assert not made.uploads
