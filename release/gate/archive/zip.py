"""Reader for ZIP archives (APPNOTE 6.3) that accepts only what wheels use.

A wheel consists of its members alone: no data before, between or after them, and no two that
overlap.
"""

from __future__ import annotations

import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from release.gate.archive.member import CHUNK, ArchiveError, ArchiveLimits, Member, Problem
from release.gate.archive.names import Names
from release.model.finding import Check

_LOCAL = struct.Struct("<4s5H3L2H")
_END = struct.Struct("<4s4H2LH")
_DESCRIPTOR = struct.Struct("<3L")
_DESCRIPTOR_SIGNATURE = b"PK\x07\x08"
_ENCRYPTED = 0x1 | 0x40 | 0x2000
_DESCRIPTOR_FOLLOWS = 0x8
_UTF8 = 0x800
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# What zipfile raises for a malformed directory, or for a later version of the format.
_UNREADABLE = (
    zipfile.BadZipFile,
    NotImplementedError,
    ValueError,
    OverflowError,
    MemoryError,
    struct.error,
)


def read(
    path: Path,
    report: Callable[[Problem], None],
    limits: ArchiveLimits | None = None,
    advance: Callable[[int], None] = lambda _: None,
) -> Iterator[Member]:
    """Yields the members in the order of their offsets.

    Args:
      path: the archive.
      report: called with each problem; reading continues if possible.
      limits: how much it may contain.
      advance: called with the number of bytes read, after each read.

    Raises:
      ArchiveError: it is not a ZIP archive, or exceeds a limit.
    """
    limits = limits or ArchiveLimits()
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        directory, infos = _directory(file)
        if len(infos) > limits.members:
            raise ArchiveError(
                f"has {len(infos)} members; the limit for a release is {limits.members}",
                Check.ARCHIVE_BOMB,
            )
        limits.check(sum(info.file_size for info in infos), size)
        _check_end(file, size, len(infos), report)
        names = Names()
        position = 0
        for info in sorted(infos, key=lambda info: info.header_offset):
            try:
                start = _start(file, info)
            except ArchiveError as error:
                report(Problem(error.check, str(error), info.orig_filename))
                continue
            if info.header_offset != position:
                report(_gap(repr(info.orig_filename), info.header_offset - position))
            position = start + info.compress_size
            if info.flag_bits & _DESCRIPTOR_FOLLOWS:
                position += _descriptor(file, position, info, report)
            yield from _member(file, info, start, names, report, advance)
        if position != directory:
            report(_gap("the central directory", directory - position))


def _directory(file: BinaryIO) -> tuple[int, list[zipfile.ZipInfo]]:
    """Where the central directory starts, and its entries."""
    try:
        with zipfile.ZipFile(file) as archive:
            return archive.start_dir, archive.infolist()
    except _UNREADABLE as error:
        raise ArchiveError(f"not a complete ZIP archive ({error})") from error


def _check_end(file: BinaryIO, size: int, count: int, report: Callable[[Problem], None]) -> None:
    """Checks that the archive ends with its end record: no comment, data or second directory."""
    record = os.pread(file.fileno(), _END.size, max(0, size - _END.size))
    if len(record) < _END.size or record[:4] != b"PK\x05\x06":
        report(Problem(Check.ARCHIVE_BROKEN, "data follows the end of the archive"))
        return
    _, disk, start_disk, here, total, *_ = _END.unpack(record)
    if (disk, start_disk) != (0, 0) or (here, total) != (count, count):
        report(
            Problem(
                Check.ARCHIVE_BROKEN,
                f"its end record counts {total} members, but its directory lists {count}",
            )
        )


def _start(file: BinaryIO, info: zipfile.ZipInfo) -> int:
    """Offset of a member's content; checks its local header against the directory."""
    name = info.orig_filename
    if info.header_offset < 0:
        raise ArchiveError(f"{name!r} has a negative offset")
    header = os.pread(file.fileno(), _LOCAL.size, info.header_offset)
    if len(header) < _LOCAL.size or header[:4] != b"PK\x03\x04":
        raise ArchiveError(f"{name!r} has no local header")
    _, _, flags, method, _, _, crc, packed, size, name_length, extra = _LOCAL.unpack(header)
    local = os.pread(file.fileno(), name_length, info.header_offset + _LOCAL.size)
    encoding = "utf-8" if info.flag_bits & _UTF8 else "cp437"
    if local != name.encode(encoding, "replace"):
        raise ArchiveError(f"{name!r} has a different name in its local header: {ascii(local)[1:]}")
    expected = (info.CRC, info.compress_size, info.file_size)
    if not flags & _DESCRIPTOR_FOLLOWS and (crc, packed, size) != expected:
        raise ArchiveError(f"{name!r} has a different size or CRC-32 in its local header")
    if (flags, method) != (info.flag_bits, info.compress_type):
        raise ArchiveError(f"{name!r} has a different method or flags in its local header")
    return info.header_offset + _LOCAL.size + int(name_length) + int(extra)


def _descriptor(
    file: BinaryIO, position: int, info: zipfile.ZipInfo, report: Callable[[Problem], None]
) -> int:
    """Length of a member's data descriptor; checks the descriptor against the directory."""
    signed = os.pread(file.fileno(), 4, position) == _DESCRIPTOR_SIGNATURE
    length = _DESCRIPTOR.size + (4 if signed else 0)
    found = os.pread(file.fileno(), _DESCRIPTOR.size, position + (4 if signed else 0))
    expected = _DESCRIPTOR.pack(
        info.CRC, info.compress_size & 0xFFFFFFFF, info.file_size & 0xFFFFFFFF
    )
    if found != expected:
        message = f"{info.orig_filename!r} has a different size or CRC-32 in its data descriptor"
        report(Problem(Check.ARCHIVE_BROKEN, message, info.orig_filename))
    return length


def _gap(before: str, length: int) -> Problem:
    if length < 0:
        message = f"{before} overlaps the member before it by {-length} bytes"
        return Problem(Check.ARCHIVE_BOMB, message)
    return Problem(Check.ARCHIVE_BROKEN, f"{length} bytes before {before} belong to no member")


def _member(
    file: BinaryIO,
    info: zipfile.ZipInfo,
    start: int,
    names: Names,
    report: Callable[[Problem], None],
    advance: Callable[[int], None],
) -> Iterator[Member]:
    name = info.orig_filename
    directory = name.endswith("/")
    path = name.removesuffix("/")
    for problem in names.add(path, directory=directory):
        report(problem)
    mode = info.external_attr >> 16
    if cause := _special(info, mode):
        report(Problem(Check.ARCHIVE_SPECIAL, f"{path} {cause}", path))
        return
    if stat.S_ISLNK(mode):
        message = f"{path} is a symbolic link; wheels may contain only files"
        report(Problem(Check.ARCHIVE_LINK, message, path))
        return
    yield Member(
        path=path,
        kind="directory" if directory else "file",
        size=info.file_size,
        mode=stat.S_IMODE(mode),
        content=iter(()) if directory else _content(_packed(file, info, start, advance), info),
    )


def _special(info: zipfile.ZipInfo, mode: int) -> str:
    if info.flag_bits & _ENCRYPTED:
        return "is encrypted"
    if info.compress_type not in _METHODS:
        return f"has compression method {info.compress_type}; wheels use stored or deflated"
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK):
        return "is not a file, directory or link"
    if mode & (stat.S_ISUID | stat.S_ISGID | stat.S_ISVTX):
        return "has special permissions (setuid, setgid or sticky)"
    if info.filename.endswith("/") and info.file_size:
        return "is a directory, but has content"
    return ""


def _content(packed: Iterator[bytes], info: zipfile.ZipInfo) -> Iterator[bytes]:
    crc = size = 0
    for chunk in _inflated(packed, info):
        size += len(chunk)
        if size > info.file_size:
            break
        crc = zlib.crc32(chunk, crc)
        yield chunk
    if size != info.file_size:
        raise ArchiveError(f"the content of {info.orig_filename} does not have its declared size")
    if crc != info.CRC:
        raise ArchiveError(f"the CRC-32 of {info.orig_filename} does not match its content")


def _inflated(packed: Iterator[bytes], info: zipfile.ZipInfo) -> Iterator[bytes]:
    if info.compress_type == zipfile.ZIP_STORED:
        yield from packed
        return
    decoder = zlib.decompressobj(-15)
    try:
        for chunk in packed:
            while chunk:
                yield decoder.decompress(chunk, CHUNK)
                chunk = decoder.unconsumed_tail
                if decoder.unused_data:
                    raise ArchiveError(f"data follows the stream of {info.orig_filename}")
        yield decoder.flush()
    except zlib.error as error:
        raise ArchiveError(f"the stream of {info.orig_filename} is corrupt ({error})") from error
    if not decoder.eof:
        raise ArchiveError(f"the stream of {info.orig_filename} is truncated")


def _packed(
    file: BinaryIO, info: zipfile.ZipInfo, start: int, advance: Callable[[int], None]
) -> Iterator[bytes]:
    left = info.compress_size
    while left:
        chunk = os.pread(file.fileno(), min(CHUNK, left), start)
        if not chunk:
            raise ArchiveError(f"truncated: the archive ends within {info.orig_filename}")
        yield chunk
        advance(len(chunk))
        start += len(chunk)
        left -= len(chunk)
