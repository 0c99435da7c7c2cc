"""The .xz format (file format specification 1.2.1): blocks that can be copied between files.

An .xz file is a stream header, blocks, an index of the blocks, and a footer. A block is compressed
independently, so it can be copied into another file, and only the index is new. Such files are
single streams like those of `xz --threads`: programs that stop after the first stream read all of
them, and `xz -d` can decompress several blocks at a time.

The encoder is the liblzma of the `cramjam` wheel in requirements_lock.txt, not the host's, because
the output depends on its version.
"""

from __future__ import annotations

import lzma
import os
import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO

import cramjam

from builder.assembly.errors import PackagingError

# Measured with the compiler libraries of four platforms on two cores, relative to preset 4: preset
# 6 is 5 % smaller and takes 1.9 times as long (11 CPU minutes), preset 5 is 4 % smaller in 1.5
# times the time, preset 2 is 7 % larger in 0.4 times the time. A filter for x86 code would save 4 %
# on two platforms, but not every xz reader supports it.
PRESET = 4

_CHECK_SIZE = 8  # of CRC-64, the encoder's default
_STREAM_FLAGS = b"\x00\x04"  # the check is CRC-64
_HEADER_MAGIC = b"\xfd7zXZ\x00"
_FOOTER_MAGIC = b"YZ"
_STREAM_HEADER_SIZE = 12
_STREAM_FOOTER_SIZE = 12
_HAS_COMPRESSED_SIZE = 0x40
_HAS_SIZE = 0x80
_LZMA2 = b"\x21\x01"  # filter 0x21 with one byte of properties: the dictionary size
_COPY_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Block:
    """A block, as in the index of a file."""

    unpadded_size: int
    """Bytes of block header, compressed data and check, without padding."""
    size: int
    """Bytes when decompressed."""

    @property
    def length(self) -> int:
        """Bytes of the block in the file."""
        return _padded(self.unpadded_size)


def encode(content: bytes | memoryview, preset: int = PRESET) -> tuple[Block, bytes]:
    """Compresses `content` into one block, and adds both of its sizes to the block header.

    The encoder, which does not know the sizes when it starts, omits them. A reader needs them to
    start on the next block before it has finished this one.
    """
    stream = memoryview(cramjam.xz.compress(content, preset=preset))
    index_size = 4 * (_uint32(stream, len(stream) - 8) + 1)
    index_at = len(stream) - _STREAM_FOOTER_SIZE - index_size
    count, at = _varint(stream, index_at + 1)
    unpadded_size, _ = _varint(stream, at)
    if count != 1 or bytes(stream[6:8]) != _STREAM_FLAGS:
        raise PackagingError("the xz encoder made a stream that is not one block with a CRC-64")
    block = stream[_STREAM_HEADER_SIZE:index_at]
    header_size = 4 * (block[0] + 1)
    data_size = unpadded_size - header_size - _CHECK_SIZE
    header = _with_sizes(block[: header_size - 4], data_size, len(content))
    body = block[header_size:]  # the data, padding to 4 bytes, and the check
    return (
        Block(len(header) + data_size + _CHECK_SIZE, len(content)),
        b"".join((header, body)),
    )


class Writer:
    """Writes an .xz file of one stream, block by block."""

    def __init__(self, file: BinaryIO) -> None:
        """Starts a stream in `file`, which the caller closes."""
        self._file = file
        self._blocks: list[Block] = []
        file.write(_HEADER_MAGIC + _STREAM_FLAGS + _crc32(_STREAM_FLAGS))

    def add(self, block: Block, data: bytes) -> None:
        """Appends a block that `encode` made."""
        self._file.write(data)
        self._blocks.append(block)

    def copy(self, source: BinaryIO, offset: int, blocks: Iterable[Block]) -> None:
        """Appends consecutive blocks of `source`, which start at `offset`.

        Raises:
          PackagingError: the source is too short.
        """
        for block in blocks:
            self._copy(source, offset, block.length)
            self._blocks.append(block)
            offset += block.length

    def finish(self) -> None:
        """Ends the stream."""
        index = b"\x00" + _as_varint(len(self._blocks))
        index += b"".join(_as_varint(b.unpadded_size) + _as_varint(b.size) for b in self._blocks)
        index += bytes(-len(index) % 4)
        self._file.write(index + _crc32(index))
        footer = struct.pack("<L", (len(index) + 4) // 4 - 1) + _STREAM_FLAGS
        self._file.write(_crc32(footer) + footer + _FOOTER_MAGIC)

    def _copy(self, source: BinaryIO, offset: int, length: int) -> None:
        while length:
            chunk = os.pread(source.fileno(), min(_COPY_CHUNK, length), offset)
            if not chunk:
                raise PackagingError(f"{source.name}: {length} bytes too short")
            self._file.write(chunk)
            offset += len(chunk)
            length -= len(chunk)


@dataclass(frozen=True, slots=True)
class Extent:
    """The position of a block in a file."""

    block: Block
    offset: int
    """Where it starts in the file."""
    start: int
    """Where its content starts in the content of the file."""

    @property
    def end(self) -> int:
        """Where its content ends in the content of the file."""
        return self.start + self.block.size


class Reader:
    """Reads an .xz file of one stream, block by block in any order."""

    def __init__(self, file: BinaryIO) -> None:
        """Reads the index of `file`, which the caller closes.

        Raises:
          PackagingError: it is not one complete stream.
        """
        self._file = file
        size = os.fstat(file.fileno()).st_size
        header = self._at(0, _STREAM_HEADER_SIZE)
        footer = self._at(size - _STREAM_FOOTER_SIZE, _STREAM_FOOTER_SIZE)
        self._flags = header[6:8]
        if (
            header[:6] != _HEADER_MAGIC
            or footer[10:] != _FOOTER_MAGIC
            or footer[8:10] != self._flags
            or footer[:4] != _crc32(footer[4:10])
        ):
            raise self._error()
        index_size = 4 * (_uint32(memoryview(footer), 4) + 1)
        index_at = size - _STREAM_FOOTER_SIZE - index_size
        self.extents = self._read_index(self._at(index_at, index_size), index_at)

    @property
    def size(self) -> int:
        """Bytes of the whole content."""
        return self.extents[-1].end if self.extents else 0

    def content(self, extent: Extent) -> bytes:
        """Decompresses one block, and verifies its checksum.

        Raises:
          PackagingError: the block is corrupt.
        """
        block = extent.block
        # A stream with only this block, because lzma does not accept single blocks.
        index = b"\x00\x01" + _as_varint(block.unpadded_size) + _as_varint(block.size)
        index += bytes(-len(index) % 4)
        footer = struct.pack("<L", (len(index) + 4) // 4 - 1) + self._flags
        stream = (
            _HEADER_MAGIC
            + self._flags
            + _crc32(self._flags)
            + self._at(extent.offset, block.length)
            + index
            + _crc32(index)
            + _crc32(footer)
            + footer
            + _FOOTER_MAGIC
        )
        try:
            return lzma.decompress(stream, lzma.FORMAT_XZ)
        except lzma.LZMAError as error:
            raise self._error() from error

    def _read_index(self, index: bytes, index_at: int) -> tuple[Extent, ...]:
        data = memoryview(index)
        if data[0] != 0 or index[-4:] != _crc32(index[:-4]):
            raise self._error()
        extents = []
        offset, start = _STREAM_HEADER_SIZE, 0
        count, at = _varint(data, 1)
        for _ in range(count):
            unpadded_size, at = _varint(data, at)
            size, at = _varint(data, at)
            extents.append(Extent(Block(unpadded_size, size), offset, start))
            offset += extents[-1].block.length
            start += size
        if offset != index_at:
            raise self._error()
        return tuple(extents)

    def _at(self, offset: int, length: int) -> bytes:
        data = os.pread(self._file.fileno(), length, offset) if offset >= 0 else b""
        if len(data) != length:
            raise self._error()
        return data

    def _error(self) -> PackagingError:
        return PackagingError(f"{self._file.name}: not one complete xz stream")


def _with_sizes(header: memoryview, data_size: int, size: int) -> bytes:
    """Adds both sizes to a block header that lacks its CRC-32."""
    flags, lzma2, padding = header[1], bytes(header[2:5]), bytes(header[5:])
    if flags or lzma2[:2] != _LZMA2 or any(padding):
        raise PackagingError("the xz encoder made a block header with more than LZMA2")
    fields = bytes([_HAS_COMPRESSED_SIZE | _HAS_SIZE])
    fields += _as_varint(data_size) + _as_varint(size) + lzma2
    fields += bytes(-(1 + len(fields)) % 4)
    sized = bytes([(1 + len(fields)) // 4]) + fields
    return sized + _crc32(sized)


def _padded(size: int) -> int:
    return size + -size % 4


def _crc32(data: bytes) -> bytes:
    return struct.pack("<L", zlib.crc32(data))


def _uint32(data: memoryview, at: int) -> int:
    return int.from_bytes(data[at : at + 4], "little")


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    """Returns the integer at `at` (7 bits per byte, lowest first) and the position after it."""
    value = shift = 0
    while True:
        value |= (data[at] & 0x7F) << shift
        if data[at] < 0x80:
            return value, at + 1
        at += 1
        shift += 7


def _as_varint(value: int) -> bytes:
    encoded = bytearray()
    while value >= 0x80:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)
