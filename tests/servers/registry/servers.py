"""Starts and stops registries: a devpi-server, and a pypiserver."""

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

from tests.servers.remote.front import Front
from tests.servers.remote.program import await_answer, free_port, program
from tests.servers.remote.wire import Answer, Request, serving

USER = "releaser"
PASSWORD = "pypi-forTestsAloneAndRecognisable0123456789"

_ONE = "http://127.0.0.1"
_HEADERS = ("accept-ranges", "content-length", "content-range", "content-type", "location")


@dataclass(frozen=True, slots=True)
class Place:
    """An empty place on a registry, which remembers requests and fails them as it is told."""

    upload: str
    """For --registry."""
    index: str
    """For --index."""
    front: Front
    files: Path | None
    """The directory with its files, where it is as simple as that."""


class Server(Protocol):
    """A registry."""

    def place(self) -> Place:
        """A new and empty place on it, where nobody may upload without the password."""


class RegistryFront(Front):
    """Hands requests on to a registry, whose URLs become its own."""

    digests = re.compile(rb"(sha256(?:=|\W{3,5}))[0-9a-f]{64}(\W)")

    def __init__(self, client: httpx.Client, behind: str) -> None:
        """A front of what answers at a URL."""
        super().__init__()
        self.url = ""
        self._client = client
        self._behind = behind

    def shape(self, request: Request) -> str:
        """Method and path; of a file, that it is one."""
        path = re.sub(r"/[^/]+\.whl$", "/….whl", request.path.partition("?")[0])
        return f"{request.method} {re.sub(r'/place-[0-9]+/', '/', path)}"

    def lose_half(self, request: Request) -> bool:
        """Hands on half of a form with a file, and hangs up."""
        if request.method != "POST":
            return False
        address = urlsplit(self._behind)
        headers = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
        head = f"POST {request.path} HTTP/1.1\r\n{headers}\r\n".encode()
        with socket.create_connection((address.hostname, address.port)) as connection:
            connection.sendall(head + request.body[: len(request.body) // 2])
        return True

    def handed_on(self, request: Request) -> Answer:
        """What the registry answers."""
        kept = {
            name: value
            for name, value in request.headers.items()
            if name not in ("host", "content-length", "connection", "accept-encoding")
        }
        answer = self._client.request(
            request.method, self._behind + request.path, headers=kept, content=request.body
        )
        headers = {
            name: answer.headers[name].replace(self._behind, self.url)
            for name in _HEADERS
            if name in answer.headers
        }
        body = answer.content
        if "octet-stream" not in headers.get("content-type", ""):
            body = body.replace(self._behind.encode(), self.url.encode())
        return Answer(answer.status_code, headers, body)


@dataclass(slots=True)
class Devpi:
    """A devpi-server: an index for each place, none of which takes a name twice."""

    front: RegistryFront
    _user: httpx.Client
    """Asks it directly, as who may make indexes."""
    _names: Iterator[int]

    def place(self) -> Place:
        """A new index."""
        name = f"place-{next(self._names)}"
        index = {"type": "stage", "volatile": False, "bases": []}
        self._user.put(f"/{USER}/{name}", json=index).raise_for_status()
        self.front.calm()
        url = f"{self.front.url}/{USER}/{name}/"
        return Place(url, f"{url}+simple/", self.front, None)


@dataclass(slots=True)
class PypiServer:
    """A pypiserver: a directory, which is emptied for each place."""

    front: RegistryFront
    _directory: Path

    def place(self) -> Place:
        """The directory, emptied."""
        for path in self._directory.iterdir():
            path.unlink()
        self.front.calm()
        return Place(f"{self.front.url}/", f"{self.front.url}/simple/", self.front, self._directory)


KINDS = ("devpi", "pypiserver")


@contextmanager
def serve(kind: str, scratch: Path) -> Iterator[Server]:
    """Starts a registry of a kind, with all that it has in an empty directory, and stops it."""
    server: AbstractContextManager[Server] = (
        _devpi(scratch) if kind == "devpi" else _pypiserver(scratch)
    )
    with server as started:
        yield started


@contextmanager
def _devpi(scratch: Path) -> Iterator[Devpi]:
    """Starts a devpi-server with its data in a directory, and stops it."""
    data, secret = scratch / "data", scratch / "secret"
    secret.write_text(base64.b64encode(os.urandom(32)).decode())
    secret.chmod(0o600)
    port = free_port()
    log = scratch / "devpi.log"
    made = subprocess.run(
        _python(
            *("-m", "tests.servers.registry.devpi_program", "init", "--serverdir", data),
            *("--no-root-pypi", "--root-passwd", PASSWORD),
        ),
        env={**os.environ, **_environment()},
        capture_output=True,
        text=True,
    )
    assert made.returncode == 0, made.stderr
    start = _python(
        *("-m", "tests.servers.registry.devpi_program", "main", "--serverdir", data),
        *("--host", "127.0.0.1", "--port", port, "--secretfile", secret),
        # It is nothing that anybody would break into.
        *("--argon2-memory", "8", "--argon2-parallelism", "1", "--argon2-time", "1"),
    )
    direct = f"{_ONE}:{port}"
    with (
        program(start, log, _environment()) as process,
        _fronted(direct) as front,
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
        yield Devpi(front, client, itertools.count(1))


@contextmanager
def _pypiserver(scratch: Path) -> Iterator[PypiServer]:
    """Starts a pypiserver with its files in a directory, and stops it."""
    files = scratch / "files"
    files.mkdir()
    passwords = scratch / "passwords"
    passwords.write_text("")
    port = free_port()
    log = scratch / "pypiserver.log"
    direct = f"{_ONE}:{port}"
    # passlib's own scheme for htpasswd; bcrypt would need one library more.
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
    with program(start, log, _environment()) as process, _fronted(direct) as front:
        await_answer(f"{direct}/simple/", process, log)
        yield PypiServer(front, files)


@contextmanager
def _fronted(direct: str) -> Iterator[RegistryFront]:
    with httpx.Client(timeout=None) as client:
        front = RegistryFront(client, direct)
        with serving(front.answer) as front.url:
            yield front


def _python(*arguments: object) -> list[str]:
    return [sys.executable, *map(str, arguments)]


def _environment() -> Mapping[str, str]:
    """Lets a program import what this one does."""
    return {"PYTHONPATH": os.pathsep.join(sys.path)}
