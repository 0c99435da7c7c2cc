"""The relay hands on everything, counts it, and can be gone."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from tests.servers.remote.relay import relay

SENT = bytes(range(256)) * 4096


@pytest.fixture
def echo() -> Iterator[str]:
    """A server that says what it is told; its address."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                while data := connection.recv(65536):
                    connection.sendall(data)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"grpc://127.0.0.1:{listener.getsockname()[1]}"
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()


def connected(address: str) -> socket.socket:
    return socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2])), timeout=10)


def said(connection: socket.socket, number: int) -> bytes:
    heard = b""
    while len(heard) < number and (data := connection.recv(65536)):
        heard += data
    return heard


def test_everything_is_handed_on_and_counted(echo: str) -> None:
    with relay(echo) as counted, connected(counted.address) as connection:
        threading.Thread(target=connection.sendall, args=(SENT,)).start()
        assert said(connection, len(SENT)) == SENT
        assert (counted.sent, counted.received) == (len(SENT), len(SENT))
    assert counted.address.startswith("grpc://")


def test_a_cut_relay_answers_nobody(echo: str) -> None:
    with relay(echo) as gone:
        gone.cut()
        with pytest.raises(OSError):
            connected(gone.address)


def test_it_can_be_gone_after_so_many_bytes(echo: str) -> None:
    with relay(echo) as dying, connected(dying.address) as connection:
        dying.cut_after = 1000
        connection.sendall(b"x" * 500)
        assert said(connection, 500) == b"x" * 500
        connection.sendall(b"x" * 600)
        assert said(connection, 600) in (b"", b"x" * 600)
        with pytest.raises(OSError):
            connected(dying.address)
