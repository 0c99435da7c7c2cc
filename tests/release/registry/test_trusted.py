"""Tests of trusted publishing: the CI proves its identity, and the registry issues a token."""

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
from tests.release.registry.conftest import digests, expected
from tests.servers.registry.servers import PASSWORD, USER, EmptyRegistry
from tests.servers.remote.wire import Request, Response, serving

RUNNER, IDENTITY, MINTED = (
    "of-the-runner",
    "eyJhbGciOiJub25lIn0.eyJhdWQiOiJyZWdpc3RyeSJ9.c2ln",
    "pypi-mintedForAQuarterOfAnHour",
)


def basic(user: str, password: str) -> str:
    """The authorization header for a user and password."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def certificate(directory: Path) -> tuple[Path, ssl.SSLContext]:
    """Makes a certificate for this machine; returns its path and a server context."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    signed = (
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
    public.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
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
    """A registry that issues tokens, and the CI's identity service."""

    registry: EmptyRegistry
    trusts: bool = True
    minted: int = 0
    uploads: list[str] = field(default_factory=list)
    """The credentials of each upload."""

    def answer(self, request: Request) -> Response:
        """Answers requests to both services."""
        path = request.path.partition("?")[0]
        if path == "/_/oidc/audience":
            return Response.of_json(200, {"audience": "registry"})
        if path == "/identity":
            assert request.headers["authorization"].lower() == f"bearer {RUNNER}"
            assert "audience=registry" in request.path
            return Response.of_json(200, {"value": IDENTITY})
        if path == "/_/oidc/mint-token":
            assert json.loads(request.body) == {"token": IDENTITY}
            if not self.trusts:
                error = {"code": "invalid-publisher", "description": "no such publisher"}
                return Response.of_json(422, {"message": "refused", "errors": [error]})
            self.minted += 1
            return Response.of_json(200, {"success": True, "token": MINTED})
        given = request.headers.get("authorization", "")
        if request.method == "POST":
            self.uploads.append(given)
        # The registry server itself only accepts the password, not the issued token.
        translated = basic(USER, PASSWORD) if given == basic("__token__", MINTED) else "Basic bm8="
        return self.registry.proxy.answer(
            replace(request, headers={**request.headers, "authorization": translated})
        )


@pytest.fixture
def hub(
    registry: EmptyRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Hub, str]]:
    """The environment of a CI job; the registry and the CI's service share one address."""
    public, context = certificate(tmp_path)
    services = Hub(registry)
    with serving(services.answer, context) as url:
        monkeypatch.delenv("TWINE_USERNAME")
        monkeypatch.delenv("TWINE_PASSWORD")
        monkeypatch.setenv("GITHUB_ACTIONS", "true")
        monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", RUNNER)
        monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_URL", f"{url}/identity?version=2")
        for variable in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
            monkeypatch.setenv(variable, str(public))
        # twine supports trusted publishing only on a registry that is not on this machine.
        monkeypatch.setattr(Resolver, "is_pypi", lambda _: True)
        monkeypatch.setattr(Registry, "local", False)
        yield services, f"{url}/{registry.upload.split('/', 3)[3]}"


def test_a_trusted_job_needs_no_secret(
    hub: tuple[Hub, str], registry: EmptyRegistry, release: Path
) -> None:
    services, upload = hub
    result = CliRunner().invoke(
        push.app,
        ["--registry", upload, "--index", registry.index, "--yes", "--from", str(release)],
    )
    assert result.exit_code == 0, result.output
    assert digests(registry) == expected(release)
    assert services.uploads == [basic("__token__", MINTED)] * 3
    assert services.minted == 1
    for secret in (MINTED, IDENTITY, RUNNER):
        assert secret not in result.output


def test_an_untrusted_job_gets_an_error(
    hub: tuple[Hub, str], registry: EmptyRegistry, release: Path
) -> None:
    services, upload = hub
    services.trusts = False
    result = CliRunner().invoke(
        push.app,
        ["--registry", upload, "--index", registry.index, "--yes", "--from", str(release)],
    )
    assert result.exit_code == 2, result.output
    (line,) = result.stderr.splitlines()
    assert "no such publisher" in line
    assert not services.uploads
