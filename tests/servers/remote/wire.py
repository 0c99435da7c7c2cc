"""Requests and answers of HTTP as data, and a server that hands one to a function."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True, slots=True)
class Request:
    """What a client wants."""

    method: str
    path: str
    """With its query."""
    headers: Mapping[str, str]
    """Names in small letters."""
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server says."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    cut: bool = False
    """Closes the connection instead."""
    held: bool = False
    """Keeps it open, and says nothing until the client closes it."""
    short: bool = False
    """Closes it in the middle of the body."""

    @classmethod
    def of_json(
        cls, status: int, content: object, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """An answer in JSON."""
        kept = {**(headers or {}), "content-type": "application/json; charset=utf-8"}
        return cls(status, kept, json.dumps(content).encode())


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that was killed is no news."""


@contextmanager
def serving(
    answer: Callable[[Request], Answer], tls: ssl.SSLContext | None = None
) -> Iterator[str]:
    """Serves on a free port of this machine, encrypted if there is a context; gives the URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Else each answer waits 40 ms for the acknowledgement of its head.
        disable_nagle_algorithm = True
        wbufsize = -1

        def log_message(self, *_: object) -> None:
            """Says nothing."""

        def _handle(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(headers.get("content-length", 0)))
            given = answer(Request(self.command, self.path, headers, body))
            if given.held:
                with suppress(OSError):
                    self.connection.recv(1)
            if given.cut or given.held:
                self.close_connection = True
                return
            self.send_response(given.status)
            for name, value in given.headers.items():
                if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                    self.send_header(name, value)
            if self.command == "HEAD":
                self.send_header("Content-Length", given.headers.get("content-length", "0"))
            elif given.status != 204:
                self.send_header("Content-Length", str(len(given.body)))
            self.end_headers()
            if given.short:
                self.wfile.write(given.body[: len(given.body) // 2])
                self.close_connection = True
            else:
                self.wfile.write(given.body)

        do_GET = do_HEAD = do_POST = do_PATCH = do_PUT = do_DELETE = _handle  # noqa: N815

    server = _Server(("127.0.0.1", 0), Handler)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        with suppress(OSError):
            server.server_close()
