"""A relay before a server: it counts what passes, and can be cut."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

_CHUNK = 1 << 16


class Relay:
    """Hands on every connection to a server, and what is said on it."""

    def __init__(self, address: str) -> None:
        """Relays to `address`, such as grpc://127.0.0.1:50051."""
        there = urlsplit(address)
        assert there.port is not None
        self._there = ("127.0.0.1", there.port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._connections: list[socket.socket] = []
        self._lock = threading.Lock()
        self.address = f"{there.scheme}://127.0.0.1:{self._listener.getsockname()[1]}"
        self.sent = 0
        """Bytes to the server."""
        self.received = 0
        """Bytes from it."""
        self.cut_after: int | None = None
        """Bytes from the server after which it is gone."""
        self._threads: list[threading.Thread] = []
        self._start(self._accept)

    def cut(self) -> None:
        """Nothing answers any more."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for connection in self._connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Nothing answers any more, and nothing is held."""
        self.cut()
        for thread in self._threads:
            thread.join()
        for connection in self._connections:
            connection.close()

    def _accept(self) -> None:
        while True:
            try:
                here, _ = self._listener.accept()
            except OSError:
                return
            there = socket.create_connection(self._there)
            with self._lock:
                self._connections += [here, there]
            for source, target, sending in ((here, there, True), (there, here, False)):
                self._start(self._pass, source, target, sending)

    def _start(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _pass(self, source: socket.socket, target: socket.socket, sending: bool) -> None:
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
    """Relays to a server for a while."""
    made = Relay(address)
    try:
        yield made
    finally:
        made.close()
