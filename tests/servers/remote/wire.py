"""HTTP requests and responses as data, and a server that answers requests with a function."""

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
    """An HTTP request."""

    method: str
    path: str
    """Including the query."""
    headers: Mapping[str, str]
    """By name in lower case."""
    body: bytes


@dataclass(frozen=True, slots=True)
class Response:
    """An HTTP response."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    cut: bool = False
    """Close the connection instead of answering."""
    hang: bool = False
    """Do not answer, and wait until the client closes the connection."""
    short: bool = False
    """Close the connection in the middle of the body."""

    @classmethod
    def of_json(
        cls, status: int, content: object, headers: Mapping[str, str] | None = None
    ) -> Response:
        """A JSON response."""
        merged = {**(headers or {}), "content-type": "application/json; charset=utf-8"}
        return cls(status, merged, json.dumps(content).encode())


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignores errors: clients get killed."""


@contextmanager
def serving(
    answer: Callable[[Request], Response], tls: ssl.SSLContext | None = None
) -> Iterator[str]:
    """Serves on a free local port, with TLS if a context is given; yields the URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Otherwise each response waits 40 ms for the acknowledgement of its headers.
        disable_nagle_algorithm = True
        wbufsize = -1

        def log_message(self, *_: object) -> None:
            """Discards the log."""

        def _handle(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(headers.get("content-length", 0)))
            response = answer(Request(self.command, self.path, headers, body))
            if response.hang:
                with suppress(OSError):
                    self.connection.recv(1)
            if response.cut or response.hang:
                self.close_connection = True
                return
            self.send_response(response.status)
            for name, value in response.headers.items():
                if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                    self.send_header(name, value)
            if self.command == "HEAD":
                self.send_header("Content-Length", response.headers.get("content-length", "0"))
            elif response.status != 204:
                self.send_header("Content-Length", str(len(response.body)))
            self.end_headers()
            if response.short:
                self.wfile.write(response.body[: len(response.body) // 2])
                self.close_connection = True
            else:
                self.wfile.write(response.body)

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
