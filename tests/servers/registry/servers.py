"""Starts package registries: devpi-server and pypiserver."""

from __future__ import annotations

import base64
import itertools
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import httpx

from tests.servers.remote.program import await_answer, free_port, program
from tests.servers.remote.proxy import FaultProxy
from tests.servers.remote.wire import Request, Response, serving

USER = "releaser"
PASSWORD = "pypi-forTestsAloneAndRecognisable0123456789"

_LOCALHOST = "http://127.0.0.1"
_HEADERS = ("accept-ranges", "content-length", "content-range", "content-type", "location")


@dataclass(frozen=True, slots=True)
class EmptyRegistry:
    """An empty registry behind a proxy that records requests and injects faults."""

    upload: str
    """For --registry."""
    index: str
    """For --index."""
    proxy: FaultProxy
    files: Path | None
    """The directory of its files, if the server uses a plain directory."""


class Server(Protocol):
    """A registry server."""

    def empty_registry(self) -> EmptyRegistry:
        """Makes an empty registry that requires the password for uploads."""


class RegistryProxy(FaultProxy):
    """Forwards requests to a registry, and replaces the registry's URLs with its own."""

    digests = re.compile(rb"(sha256(?:=|\W{3,5}))[0-9a-f]{64}(\W)")

    def __init__(self, client: httpx.Client, upstream: str) -> None:
        """A proxy of the server at a URL."""
        super().__init__()
        self.url = ""
        self._client = client
        self._upstream = upstream

    def shape(self, request: Request) -> str:
        """Method and path without the names of indexes and wheels."""
        path = re.sub(r"/[^/]+\.whl$", "/….whl", request.path.partition("?")[0])
        return f"{request.method} {re.sub(r'/index-[0-9]+/', '/', path)}"

    def truncate_upload(self, request: Request) -> bool:
        """Forwards half of an upload form, then closes the connection."""
        if request.method != "POST":
            return False
        address = urlsplit(self._upstream)
        headers = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
        head = f"POST {request.path} HTTP/1.1\r\n{headers}\r\n".encode()
        with socket.create_connection((address.hostname, address.port)) as connection:
            connection.sendall(head + request.body[: len(request.body) // 2])
        return True

    def forward(self, request: Request) -> Response:
        """Returns the registry's response."""
        forwarded = {
            name: value
            for name, value in request.headers.items()
            if name not in ("host", "content-length", "connection", "accept-encoding")
        }
        response = self._client.request(
            request.method, self._upstream + request.path, headers=forwarded, content=request.body
        )
        headers = {
            name: response.headers[name].replace(self._upstream, self.url)
            for name in _HEADERS
            if name in response.headers
        }
        body = response.content
        if "octet-stream" not in headers.get("content-type", ""):
            body = body.replace(self._upstream.encode(), self.url.encode())
        return Response(response.status_code, headers, body)


@dataclass(slots=True)
class Devpi:
    """A devpi-server with an index for each empty registry; file names are permanent."""

    proxy: RegistryProxy
    _user: httpx.Client
    """A direct connection of a user who may create indexes."""
    _numbers: Iterator[int]

    def empty_registry(self) -> EmptyRegistry:
        """Creates an index."""
        name = f"index-{next(self._numbers)}"
        index = {"type": "stage", "volatile": False, "bases": []}
        self._user.put(f"/{USER}/{name}", json=index).raise_for_status()
        self.proxy.reset()
        url = f"{self.proxy.url}/{USER}/{name}/"
        return EmptyRegistry(url, f"{url}+simple/", self.proxy, None)


@dataclass(slots=True)
class PypiServer:
    """A pypiserver with a directory, which is emptied for each empty registry."""

    proxy: RegistryProxy
    _directory: Path

    def empty_registry(self) -> EmptyRegistry:
        """Empties the directory."""
        for path in self._directory.iterdir():
            path.unlink()
        self.proxy.reset()
        return EmptyRegistry(
            f"{self.proxy.url}/", f"{self.proxy.url}/simple/", self.proxy, self._directory
        )


KINDS = ("devpi", "pypiserver")


@contextmanager
def serve(kind: str, scratch: Path) -> Iterator[Server]:
    """Runs a registry server of a kind, with its data in an empty directory."""
    server: AbstractContextManager[Server] = (
        _devpi(scratch) if kind == "devpi" else _pypiserver(scratch)
    )
    with server as started:
        yield started


@contextmanager
def _devpi(scratch: Path) -> Iterator[Devpi]:
    """Runs a devpi-server with its data in a directory."""
    data, secret = scratch / "data", scratch / "secret"
    secret.write_text(base64.b64encode(os.urandom(32)).decode())
    secret.chmod(0o600)
    port = free_port()
    log = scratch / "devpi.log"
    result = subprocess.run(
        _python(
            *("-m", "tests.servers.registry.devpi_program", "init", "--serverdir", data),
            *("--no-root-pypi", "--root-passwd", PASSWORD),
        ),
        env={**os.environ, **_environment()},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    start = _python(
        *("-m", "tests.servers.registry.devpi_program", "main", "--serverdir", data),
        *("--host", "127.0.0.1", "--port", port, "--secretfile", secret),
        # Weak hashing is fast, and enough for tests.
        *("--argon2-memory", "8", "--argon2-parallelism", "1", "--argon2-time", "1"),
    )
    direct = f"{_LOCALHOST}:{port}"
    with (
        program(start, log, _environment()) as process,
        _proxied(direct) as proxy,
        httpx.Client(
            base_url=direct, headers={"accept": "application/json"}, timeout=None
        ) as client,
    ):
        await_answer(f"{direct}/+status", process, log)
        client.put(f"/{USER}", json={"password": PASSWORD}).raise_for_status()
        session = client.post("/+login", json={"user": USER, "password": PASSWORD})
        token = session.raise_for_status().json()["result"]["password"]
        login = base64.b64encode(f"{USER}:{token}".encode()).decode()
        client.headers["X-Devpi-Auth"] = login
        yield Devpi(proxy, client, itertools.count(1))


@contextmanager
def _pypiserver(scratch: Path) -> Iterator[PypiServer]:
    """Runs a pypiserver with its files in a directory."""
    files = scratch / "files"
    files.mkdir()
    passwords = scratch / "passwords"
    passwords.write_text("")
    port = free_port()
    log = scratch / "pypiserver.log"
    direct = f"{_LOCALHOST}:{port}"
    # passlib's default scheme for htpasswd; bcrypt would need another library.
    code = (
        "import sys; from passlib.apache import HtpasswdFile;"
        "file = HtpasswdFile(sys.argv[1]); file.set_password(*sys.argv[2:4]); file.save();"
        "sys.argv[1:] = ['run', *sys.argv[4:]];"
        "from pypiserver.__main__ import main; main()"
    )
    start = _python(
        *("-c", code),
        *(passwords, USER, PASSWORD),
        *("-i", "127.0.0.1", "-p", port, "-a", "update", "-P", passwords),
        *("--disable-fallback", files),
    )
    with program(start, log, _environment()) as process, _proxied(direct) as proxy:
        await_answer(f"{direct}/simple/", process, log)
        yield PypiServer(proxy, files)


@contextmanager
def _proxied(direct: str) -> Iterator[RegistryProxy]:
    with httpx.Client(timeout=None) as client:
        proxy = RegistryProxy(client, direct)
        with serving(proxy.answer) as proxy.url:
            yield proxy


def _python(*arguments: object) -> list[str]:
    return [sys.executable, *map(str, arguments)]


def _environment() -> Mapping[str, str]:
    """Gives a program the import path of this one."""
    return {"PYTHONPATH": os.pathsep.join(sys.path)}
