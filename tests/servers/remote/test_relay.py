"""Tests of the relay: it forwards and counts bytes, and can cut connections."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from tests.servers.remote.relay import relay

SENT = bytes(range(256)) * 4096


@pytest.fixture
def echo() -> Iterator[str]:
    """The address of a server that echoes its input."""
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


def received(connection: socket.socket, count: int) -> bytes:
    received = b""
    while len(received) < count and (data := connection.recv(65536)):
        received += data
    return received


def test_all_data_is_forwarded_and_counted(echo: str) -> None:
    with relay(echo) as relayed, connected(relayed.address) as connection:
        threading.Thread(target=connection.sendall, args=(SENT,)).start()
        assert received(connection, len(SENT)) == SENT
        assert (relayed.sent, relayed.received) == (len(SENT), len(SENT))
    assert relayed.address.startswith("grpc://")


def test_a_cut_relay_accepts_no_connections(echo: str) -> None:
    with relay(echo) as relayed:
        relayed.cut()
        with pytest.raises(OSError):
            connected(relayed.address)


def test_it_can_cut_connections_after_a_number_of_bytes(echo: str) -> None:
    with relay(echo) as relayed, connected(relayed.address) as connection:
        relayed.cut_after = 1000
        connection.sendall(b"x" * 500)
        assert received(connection, 500) == b"x" * 500
        connection.sendall(b"x" * 600)
        assert received(connection, 600) in (b"", b"x" * 600)
        with pytest.raises(OSError):
            connected(relayed.address)
