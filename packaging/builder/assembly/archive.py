"""ZIP archives (APPNOTE 6.3): a strict reader, and a writer whose output depends only on content.

Members are in the caller's order. Everything else that the format leaves open is constant: the time
stamp is 1980-01-01, the creator is Unix, versions, flag bits and modes are fixed, and there are no
extra fields, comments or data descriptors. A deflated member is copied as it is, so that packing
takes no longer than copying.
"""

from __future__ import annotations

import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import BinaryIO, Self

from builder.assembly import modes
from builder.assembly.deflate import deflate
from builder.assembly.errors import PackagingError

STORED = zipfile.ZIP_STORED
DEFLATED = zipfile.ZIP_DEFLATED

_CHUNK = 1 << 20
# What zipfile raises for an invalid central directory, or one of a later format version.
_UNREADABLE = (
    zipfile.BadZipFile,
    NotImplementedError,
    ValueError,
    OverflowError,
    MemoryError,
    struct.error,
)
_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_ENCRYPTED = 0x1
_UTF8 = 0x800
_CREATOR_UNIX = (3 << 8) | 20  # made by version 2.0 on Unix
_VERSION_NEEDED = 20
_DOS_DATE_1980 = (1 << 5) | 1
_LIMIT = 0xFFFFFFFF  # beyond it ZIP64 is needed, which no registry's file limit reaches
_MAX_ENTRIES = 0xFFFF


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of an archive."""

    name: str
    """Path within the archive, parts joined by `/`."""
    method: int
    """STORED or DEFLATED."""
    crc: int
    """CRC-32 of the inflated content."""
    compressed_size: int
    """Bytes in the archive."""
    size: int
    """Bytes when inflated."""
    mode: int
    """EXECUTABLE or PLAIN of `modes`."""
    offset: int
    """Where the compressed bytes start in the archive file."""


class ArchiveReader:
    """Reads an untrusted archive.

    The constructor rejects everything that must not get into a wheel: an incomplete ZIP file,
    encryption, methods other than stored and deflated, absolute paths and paths that leave the
    archive, symbolic links, duplicate names (also if only letter case differs), and members that
    overlap.
    """

    def __init__(self, path: Path) -> None:
        """Opens `path` and reads its directory.

        Raises:
          PackagingError: the archive is invalid; the message names file, member and cause.
          OSError: the file cannot be read.
        """
        self.path = path
        self._file = path.open("rb")
        try:
            with zipfile.ZipFile(self._file) as archive:
                infos = archive.infolist()
            self.entries = self._check(infos)
        except _UNREADABLE as error:
            self._file.close()
            raise self._error(f"not a whole ZIP archive ({error})") from error
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        """Returns the reader, to be closed by the with statement."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Closes the file."""
        self._file.close()

    def fileno(self) -> int:
        """Returns the archive's file descriptor, for copies within the kernel."""
        return self._file.fileno()

    def inflate(self, entry: Entry) -> Iterator[bytes]:
        """Yields the content of `entry`, and checks it against its size and CRC-32.

        Raises:
          PackagingError: the stream is corrupt, or longer or shorter than declared.
        """
        crc = 0
        size = 0
        for chunk in self._inflated(entry):
            size += len(chunk)
            if size > entry.size:
                break
            crc = zlib.crc32(chunk, crc)
            yield chunk
        if size != entry.size:
            raise self._error(f"{entry.name} does not have the declared size of {entry.size} bytes")
        if crc != entry.crc:
            raise self._error(f"the CRC-32 of {entry.name} does not match its content")

    def read(self, name: str) -> bytes:
        """Returns the content of the member `name`.

        Raises:
          PackagingError: the member does not exist, or its stream is corrupt.
        """
        entry = self.entries.get(name)
        if entry is None:
            raise self._error(f"no member {name}")
        return b"".join(self.inflate(entry))

    def raw(self, entry: Entry) -> Iterator[bytes]:
        """Yields the compressed bytes of `entry`."""
        offset, left = entry.offset, entry.compressed_size
        while left:
            chunk = os.pread(self.fileno(), min(_CHUNK, left), offset)
            if not chunk:
                raise self._error(f"truncated within {entry.name}")
            yield chunk
            offset += len(chunk)
            left -= len(chunk)

    def _inflated(self, entry: Entry) -> Iterator[bytes]:
        if entry.method == STORED:
            yield from self.raw(entry)
            return
        decoder = zlib.decompressobj(-15)
        try:
            for chunk in self.raw(entry):
                while chunk:
                    yield decoder.decompress(chunk, _CHUNK)
                    chunk = decoder.unconsumed_tail
                if decoder.unused_data:
                    raise self._error(f"extra bytes after the stream of {entry.name}")
            yield decoder.flush()
        except zlib.error as error:
            raise self._error(f"the stream of {entry.name} is corrupt ({error})") from error
        if not decoder.eof:
            raise self._error(f"the stream of {entry.name} is truncated")

    def _check(self, infos: list[zipfile.ZipInfo]) -> dict[str, Entry]:
        entries: dict[str, Entry] = {}
        folded: dict[str, str] = {}
        spans: list[tuple[int, int, str]] = []
        for info in infos:
            name = info.orig_filename
            self._check_name(name)
            if name.endswith("/"):
                continue
            if name in entries:
                raise self._error(f"{name} appears twice")
            twin = folded.setdefault(name.casefold(), name)
            if twin != name:
                raise self._error(f"{twin} and {name} differ only in letter case")
            if info.flag_bits & _ENCRYPTED:
                raise self._error(f"{name} is encrypted")
            if info.compress_type not in (STORED, DEFLATED):
                raise self._error(
                    f"{name} is compressed by method {info.compress_type}; "
                    "only stored and deflated members are allowed"
                )
            unix_mode = info.external_attr >> 16
            if stat.S_ISLNK(unix_mode):
                raise self._error(f"{name} is a symbolic link")
            offset = self._data_offset(info)
            spans.append((info.header_offset, offset + info.compress_size, name))
            entries[name] = Entry(
                name=name,
                method=info.compress_type,
                crc=info.CRC,
                compressed_size=info.compress_size,
                size=info.file_size,
                mode=modes.declared(unix_mode & 0o111),
                offset=offset,
            )
        spans.sort()
        for (_, end, name), (start, _, other) in pairwise(spans):
            if start < end:
                raise self._error(f"{name} and {other} overlap")
        return entries

    def _check_name(self, name: str) -> None:
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts:
            raise self._error(f"the path {name!r} leaves the archive")
        # Windows reads a backslash as a separator, and C: as a drive.
        if "\\" in name or ":" in name or not name.isprintable():
            raise self._error(f"the path {name!r} contains a character that is not allowed")
        if str(path) != name.removesuffix("/"):
            raise self._error(f"the path {name!r} is not normalized")

    def _data_offset(self, info: zipfile.ZipInfo) -> int:
        if info.header_offset < 0:
            raise self._error(f"{info.orig_filename} has a negative offset")
        header = os.pread(self.fileno(), _LOCAL.size, info.header_offset)
        if len(header) < _LOCAL.size or header[:4] != b"PK\x03\x04":
            raise self._error(f"{info.orig_filename} has no local header")
        name_length, extra_length = _LOCAL.unpack(header)[-2:]
        name = os.pread(self.fileno(), name_length, info.header_offset + _LOCAL.size)
        encoding = "utf-8" if info.flag_bits & _UTF8 else "cp437"
        if name != info.orig_filename.encode(encoding, "replace"):
            raise self._error(f"{info.orig_filename} has a different name in its local header")
        return info.header_offset + _LOCAL.size + int(name_length) + int(extra_length)

    def _error(self, cause: str) -> PackagingError:
        return PackagingError(f"{self.path.name}: {cause}")


class ArchiveWriter:
    """Writes an archive of members, in the order in which they are added."""

    def __init__(self, path: Path) -> None:
        """Creates `path`.

        Raises:
          OSError: the file cannot be written.
        """
        self.path = path
        self._file: BinaryIO = path.open("wb")
        self._central: list[bytes] = []
        self._names: set[str] = set()

    def __enter__(self) -> Self:
        """Returns the writer, to be closed by the with statement."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Finishes the archive, or removes it if the body raised an exception."""
        if kind is None:
            self._finish()
            self._file.close()
        else:
            self._file.close()
            self.path.unlink(missing_ok=True)

    def copy(self, source: ArchiveReader, entry: Entry) -> None:
        """Copies `entry` from `source` without decompressing it."""
        self._header(entry)
        _copy_range(source.fileno(), entry.offset, self._file, entry.compressed_size)

    def add(self, name: str, chunks: Iterable[bytes], mode: int = modes.PLAIN) -> None:
        """Adds a member, deflated."""
        crc = 0
        size = 0

        def counted() -> Iterator[bytes]:
            nonlocal crc, size
            for chunk in chunks:
                crc = zlib.crc32(chunk, crc)
                size += len(chunk)
                yield chunk

        # The header contains sizes that are only known afterwards: leave room, then come back.
        start = self._file.tell()
        self._file.seek(_LOCAL.size + len(name.encode()), os.SEEK_CUR)
        compressed_size = 0
        for chunk in deflate(counted()):
            compressed_size += len(chunk)
            self._file.write(chunk)
        end = self._file.tell()
        self._file.seek(start)
        self._header(Entry(name, DEFLATED, crc, compressed_size, size, mode, 0))
        self._file.seek(end)

    def _header(self, entry: Entry) -> None:
        if entry.name in self._names:
            raise PackagingError(f"{self.path.name}: {entry.name} was added twice")
        self._names.add(entry.name)
        offset = self._file.tell()
        if max(offset + entry.compressed_size, entry.size) > _LIMIT:
            raise PackagingError(f"{self.path.name}: {entry.name} exceeds the 4 GiB limit of ZIP")
        name = entry.name.encode()
        flags = 0 if entry.name.isascii() else _UTF8
        common = (
            _VERSION_NEEDED,
            flags,
            entry.method,
            0,
            _DOS_DATE_1980,
            entry.crc,
            entry.compressed_size,
            entry.size,
            len(name),
            0,
        )
        self._file.write(_LOCAL.pack(b"PK\x03\x04", *common) + name)
        attributes = (stat.S_IFREG | entry.mode) << 16
        self._central.append(
            _CENTRAL.pack(b"PK\x01\x02", _CREATOR_UNIX, *common, 0, 0, 0, attributes, offset) + name
        )

    def _finish(self) -> None:
        if len(self._central) > _MAX_ENTRIES:
            raise PackagingError(f"{self.path.name}: more than {_MAX_ENTRIES} members")
        start = self._file.tell()
        directory = b"".join(self._central)
        count = len(self._central)
        self._file.write(directory)
        self._file.write(_END.pack(b"PK\x05\x06", 0, 0, count, count, len(directory), start, 0))


def _copy_range(source: int, offset: int, target: BinaryIO, length: int) -> None:
    """Appends a range of one file to another, within the kernel if possible."""
    target.flush()
    while length and hasattr(os, "copy_file_range"):
        try:
            done = os.copy_file_range(source, target.fileno(), length, offset_src=offset)
        except OSError:
            break  # across file systems, or an old kernel: the loop below copies
        if not done:
            break
        offset += done
        length -= done
    # The kernel moved the descriptor's position, which the buffer does not know.
    target.seek(0, os.SEEK_END)
    while length:
        chunk = os.pread(source, min(_CHUNK, length), offset)
        if not chunk:
            raise PackagingError(f"the source is {length} bytes too short")
        target.write(chunk)
        offset += len(chunk)
        length -= len(chunk)
