"""A TCP relay in front of a server: it counts bytes, and can cut all connections."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

_CHUNK = 1 << 16


class Relay:
    """Forwards connections to a server."""

    def __init__(self, address: str) -> None:
        """Starts a relay to an address such as grpc://127.0.0.1:50051."""
        server = urlsplit(address)
        assert server.port is not None
        self._server = ("127.0.0.1", server.port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._connections: list[socket.socket] = []
        self._lock = threading.Lock()
        self.address = f"{server.scheme}://127.0.0.1:{self._listener.getsockname()[1]}"
        self.sent = 0
        """Bytes sent to the server."""
        self.received = 0
        """Bytes received from the server."""
        self.cut_after: int | None = None
        """Number of received bytes after which to cut all connections."""
        self._threads: list[threading.Thread] = []
        self._start(self._accept)

    def cut(self) -> None:
        """Cuts all connections, and accepts no new ones."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for connection in self._connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Cuts all connections, and frees all resources."""
        self.cut()
        for thread in self._threads:
            thread.join()
        for connection in self._connections:
            connection.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(self._server)
            with self._lock:
                self._connections += [client, server]
            for source, target, sending in ((client, server, True), (server, client, False)):
                self._start(self._forward, source, target, sending)

    def _start(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _forward(self, source: socket.socket, target: socket.socket, sending: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(_CHUNK):
                with self._lock:
                    if sending:
                        self.sent += len(data)
                    else:
                        self.received += len(data)
                if self.cut_after is not None and self.received > self.cut_after:
                    self.cut()
                target.sendall(data)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)


@contextmanager
def relay(address: str) -> Iterator[Relay]:
    """Runs a relay to a server."""
    running = Relay(address)
    try:
        yield running
    finally:
        running.close()
