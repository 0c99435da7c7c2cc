"""Refuse --remote_cache_compression for a remote without compression.

    python3 compression.py COMMAND [OPTIONS]

`bazelw` runs it with Bazel's arguments. Bazel 7.7.1 prints a warning for such a remote, builds
everything without the cache, and exits with 0. This asks the remote for its capabilities first
(Remote Execution API, over gRPC). Exit codes: 2 when it answers that it does not compress, else 0:
what does not answer is Bazel's business.
"""

import json
import socket
import ssl
import struct
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

_CREDENTIALS = Path(__file__).absolute().parents[1] / "bazel" / "credentials"
_PATH = "/build.bazel.remote.execution.v2.Capabilities/GetCapabilities"
_ANSWERS_WITHIN = 10.0
_COMPRESSION = ("--remote_cache_compression", "--experimental_remote_cache_compression")
_ON = ("", "=1", "=true", "=yes")
_HEADER_OPTIONS = ("--remote_header", "--remote_cache_header")

# HTTP/2 and gRPC.
_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _HEADERS, _RESET, _SETTINGS, _PING, _GOAWAY = 0x0, 0x1, 0x3, 0x4, 0x6, 0x7
_END_STREAM = _ACK = 0x1
_END_HEADERS = 0x4
_PADDED = 0x8

# Protocol buffers: fields of ServerCapabilities and CacheCapabilities, and a Compressor.
_CACHE_CAPABILITIES = 1
_SUPPORTED_COMPRESSORS = 6
_ZSTD = 1


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a command of Bazel wants of a remote."""

    endpoint: str
    instance: str
    headers: tuple[tuple[str, str], ...]


def main(arguments: Sequence[str]) -> int:
    """Ask the remote; return the exit code."""
    wanted = parse(arguments)
    if wanted is None:
        return 0
    try:
        compresses = supports_zstd(capabilities(wanted))
    except (OSError, EOFError, ValueError, subprocess.SubprocessError):
        return 0
    if compresses:
        return 0
    print(
        f"bazelw: {wanted.endpoint} does not support compression, so Bazel would build without "
        "this cache and not fail: leave out --remote_cache_compression.",
        file=sys.stderr,
    )
    return 2


def parse(arguments: Sequence[str]) -> Wanted | None:
    """The remote whose compression is asked for; None if it is not, or if it is no gRPC service."""
    on = False
    values: dict[str, str] = {}
    headers: list[tuple[str, str]] = []
    for argument in arguments:
        if argument == "--":
            break
        name, equals, value = argument.partition("=")
        if name in _COMPRESSION:
            on = equals + value in _ON
        elif name in _HEADER_OPTIONS:
            key, _, text = value.partition("=")
            headers.append((key.lower(), text))
        else:
            values[name] = value
        if argument in (
            "--noremote_cache_compression",
            "--noexperimental_remote_cache_compression",
        ):
            on = False
    endpoint = values.get("--remote_cache") or values.get("--remote_executor")
    if not on or not endpoint:
        return None
    # As in Bazel, an endpoint without a scheme is of grpcs; HTTP caches ignore the option.
    if "://" not in endpoint and not endpoint.startswith("unix:"):
        endpoint = f"grpcs://{endpoint}"
    if not endpoint.startswith(("grpc://", "grpcs://")):
        return None
    return Wanted(endpoint, values.get("--remote_instance_name", ""), tuple(headers))


def capabilities(wanted: Wanted) -> bytes:
    """The remote's ServerCapabilities, serialised.

    Raises:
        OSError: it cannot be reached.
        EOFError: it does not speak gRPC, or not to us.
    """
    url = urlsplit(wanted.endpoint)
    secure = url.scheme == "grpcs"
    if not url.hostname:
        raise ValueError(f"{wanted.endpoint}: no host")
    address = url.hostname, url.port or (443 if secure else 80)
    with socket.create_connection(address, timeout=_ANSWERS_WITHIN) as plain:
        if not secure:
            return _call(plain, wanted, url.netloc)
        context = ssl.create_default_context()
        context.set_alpn_protocols(["h2"])
        with context.wrap_socket(plain, server_hostname=url.hostname) as encrypted:
            return _call(encrypted, wanted, url.netloc)


def supports_zstd(message: bytes) -> bool:
    """Whether ServerCapabilities name the one compressor that Bazel has."""
    for number, cache in fields(message):
        if number == _CACHE_CAPABILITIES and isinstance(cache, bytes):
            for inner, value in fields(cache):
                if inner == _SUPPORTED_COMPRESSORS:
                    found = [value] if isinstance(value, int) else list(varints(value))
                    if _ZSTD in found:
                        return True
    return False


def fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The fields of a message: numbers, and values that are integers or bytes.

    Raises:
        ValueError: it is no message.
    """
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        kind = tag & 7
        if kind == 0:
            value, at = _varint(message, at)
            yield tag >> 3, value
            continue
        if kind == 2:
            length, at = _varint(message, at)
        elif kind in (1, 5):
            length = 8 if kind == 1 else 4
        else:
            raise ValueError("no protocol buffer")
        if at + length > len(message):
            raise ValueError("no protocol buffer")
        yield tag >> 3, message[at : at + length]
        at += length


def varints(packed: bytes) -> Iterator[int]:
    """The integers of a packed field."""
    at = 0
    while at < len(packed):
        value, at = _varint(packed, at)
        yield value


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """The integer at a place, and where it ends."""
    value = shift = 0
    while at < len(data) and shift < 64:
        value |= (data[at] & 0x7F) << shift
        at += 1
        if data[at - 1] < 0x80:
            return value, at
        shift += 7
    raise ValueError("no protocol buffer")


def _call(connection: socket.socket, wanted: Wanted, authority: str) -> bytes:
    """Calls GetCapabilities on a new connection."""
    scheme = "https" if isinstance(connection, ssl.SSLSocket) else "http"
    headers = [
        (":method", "POST"),
        (":scheme", scheme),
        (":path", _PATH),
        (":authority", authority),
        ("te", "trailers"),
        ("content-type", "application/grpc"),
        *wanted.headers,
        *_credentials(wanted.endpoint),
    ]
    instance = wanted.instance.encode()
    if len(instance) > 127:
        raise ValueError("the instance's name is too long to ask for")
    request = b"\x0a" + bytes([len(instance)]) + instance if instance else b""
    connection.sendall(
        _PREFACE
        + _frame(_SETTINGS, 0, 0, b"")
        + _frame(_HEADERS, _END_HEADERS, 1, b"".join(_literal(*one) for one in headers))
        + _frame(_DATA, _END_STREAM, 1, struct.pack(">BI", 0, len(request)) + request)
    )
    answer = b""
    ends = time.monotonic() + _ANSWERS_WITHIN
    while time.monotonic() < ends:
        length, kind, flags, stream = _head(_read(connection, 9))
        payload = _read(connection, length)
        if kind == _SETTINGS and not flags & _ACK:
            connection.sendall(_frame(_SETTINGS, _ACK, 0, b""))
        elif kind == _PING and not flags & _ACK:
            connection.sendall(_frame(_PING, _ACK, 0, payload))
        elif kind in (_RESET, _GOAWAY):
            break
        elif stream == 1 and kind in (_DATA, _HEADERS):
            if kind == _DATA:
                answer += payload[1 : len(payload) - payload[0]] if flags & _PADDED else payload
            if flags & _END_STREAM:
                break
    if len(answer) < 5 or answer[0] != 0:
        raise EOFError("no answer")
    return answer[5 : 5 + int.from_bytes(answer[1:5], "big")]


def _credentials(endpoint: str) -> Iterator[tuple[str, str]]:
    """The headers that Bazel's credential helper gives for an endpoint."""
    uri = endpoint.replace("grpc", "http", 1) + "/"
    done = subprocess.run(
        [_CREDENTIALS, "get"],
        input=json.dumps({"uri": uri}),
        capture_output=True,
        text=True,
        check=True,
    )
    for name, values in json.loads(done.stdout)["headers"].items():
        for value in values:
            yield name.lower(), value


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def _head(head: bytes) -> tuple[int, int, int, int]:
    """Length, kind, flags and stream of a frame."""
    kind, flags, stream = struct.unpack(">BBI", head[3:])
    return int.from_bytes(head[:3], "big"), kind, flags, stream & 0x7FFFFFFF


def _literal(name: str, value: str) -> bytes:
    """A header that is not compressed (HPACK)."""
    texts = (name.encode(), value.encode())
    return b"\x00" + b"".join(_length(len(text)) + text for text in texts)


def _length(number: int) -> bytes:
    """An integer of HPACK with a prefix of 7 bits."""
    most = 127
    if number < most:
        return bytes([number])
    number -= most
    rest = bytearray([most])
    while number >= 0x80:
        rest.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*rest, number])


def _read(connection: socket.socket, length: int) -> bytes:
    data = b""
    while len(data) < length:
        piece = connection.recv(length - len(data))
        if not piece:
            raise EOFError("the connection was closed")
        data += piece
    return data


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
