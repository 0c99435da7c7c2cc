"""The DEFLATE encoder (RFC 1951): zlib at level 6, from a hash-locked wheel.

The output depends on the encoder, and the zlib that the host's Python links to varies:
distributions ship zlib-ng and other forks under the same name. So the encoder is the libz of the
`cmeel-zlib` wheel, called through ctypes. Its level 6 makes the same streams as upstream's
builders.
"""

from __future__ import annotations

import ctypes
import functools
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from builder.assembly.errors import PackagingError

LEVEL = 6
_WINDOW_BITS = -15  # a raw stream, as in ZIP: no zlib header, no Adler-32
_MEM_LEVEL = 8
_Z_DEFLATED = 8
_Z_NO_FLUSH = 0
_Z_FINISH = 4
_Z_OK = 0
_Z_STREAM_END = 1
_OUTPUT_CHUNK = 1 << 20


class _ZStream(ctypes.Structure):
    """`z_stream` of zlib.h."""

    _fields_ = (
        ("next_in", ctypes.c_void_p),
        ("avail_in", ctypes.c_uint),
        ("total_in", ctypes.c_ulong),
        ("next_out", ctypes.c_void_p),
        ("avail_out", ctypes.c_uint),
        ("total_out", ctypes.c_ulong),
        ("msg", ctypes.c_char_p),
        ("state", ctypes.c_void_p),
        ("zalloc", ctypes.c_void_p),
        ("zfree", ctypes.c_void_p),
        ("opaque", ctypes.c_void_p),
        ("data_type", ctypes.c_int),
        ("adler", ctypes.c_ulong),
        ("reserved", ctypes.c_ulong),
    )


@functools.cache
def _libz() -> ctypes.CDLL:
    for root in sys.path:
        for directory in ("lib", "lib64"):
            # By its full version: the loader could take libz.so.1 for a library that is already
            # loaded.
            for library in sorted(Path(root, "cmeel.prefix", directory).glob("libz.so.*.*")):
                return ctypes.CDLL(str(library))
    raise PackagingError(
        "the deflate encoder is missing: no cmeel.prefix/lib*/libz.so.* on the import path; "
        "add cmeel-zlib from requirements_lock.txt to the deps of the tool"
    )


def deflate(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yields the raw DEFLATE stream of the concatenated chunks.

    The stream depends only on the content, not on how it is split into chunks.

    Raises:
      PackagingError: the encoder is missing or fails (out of memory).
    """
    libz = _libz()
    libz.zlibVersion.restype = ctypes.c_char_p
    stream = _ZStream()
    code = libz.deflateInit2_(
        ctypes.byref(stream),
        LEVEL,
        _Z_DEFLATED,
        _WINDOW_BITS,
        _MEM_LEVEL,
        0,  # Z_DEFAULT_STRATEGY
        libz.zlibVersion(),
        ctypes.sizeof(stream),
    )
    if code != _Z_OK:
        raise PackagingError(f"zlib's deflateInit2 failed with code {code}")
    output = ctypes.create_string_buffer(_OUTPUT_CHUNK)

    def pump(flush: int) -> Iterator[bytes]:
        while True:
            stream.next_out = ctypes.addressof(output)
            stream.avail_out = _OUTPUT_CHUNK
            code = libz.deflate(ctypes.byref(stream), flush)
            size = _OUTPUT_CHUNK - stream.avail_out
            if size:
                yield output.raw[:size]
            if code == _Z_STREAM_END or (flush == _Z_NO_FLUSH and stream.avail_out):
                return
            if code not in (_Z_OK, _Z_STREAM_END):
                raise PackagingError(f"zlib's deflate failed with code {code}")

    try:
        for chunk in chunks:
            if not chunk:
                continue
            stream.next_in = ctypes.cast(ctypes.c_char_p(chunk), ctypes.c_void_p)
            stream.avail_in = len(chunk)
            yield from pump(_Z_NO_FLUSH)
        yield from pump(_Z_FINISH)
    finally:
        libz.deflateEnd(ctypes.byref(stream))
