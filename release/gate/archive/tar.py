"""Reader for .tar.xz archives that accepts only what dists use: ustar headers in one xz stream.

tarfile parses the headers, one at a time. Features that tarfile would interpret (pax and GNU
extensions, sparse maps, seeks) are rejected, because dists use none of them.
"""

from __future__ import annotations

import lzma
import stat
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from release.gate.archive.member import CHUNK, ArchiveError, ArchiveLimits, Member, Problem
from release.gate.archive.names import Names
from release.model.finding import Check

_DECODER_MEMORY = 256 << 20
_BLOCK = tarfile.BLOCKSIZE
# Not TarInfo.isreg(), which accepts sparse files too.
_FILES = (tarfile.REGTYPE, tarfile.AREGTYPE)
_WITHOUT_CONTENT = (
    tarfile.LNKTYPE,
    tarfile.SYMTYPE,
    tarfile.CHRTYPE,
    tarfile.BLKTYPE,
    tarfile.DIRTYPE,
    tarfile.FIFOTYPE,
)
_SPECIAL_MODES = stat.S_ISUID | stat.S_ISGID | stat.S_ISVTX | stat.S_IWOTH


def read(
    path: Path,
    report: Callable[[Problem], None],
    limits: ArchiveLimits | None = None,
    advance: Callable[[int], None] = lambda _: None,
) -> Iterator[Member]:
    """Yields the members in the order of the archive.

    You may skip the content of a member.

    Args:
      path: the archive.
      report: called with each problem; reading continues if possible.
      limits: how much it may contain.
      advance: called with the number of bytes read, after each read.

    Raises:
      ArchiveError: the rest cannot be read, or exceeds a limit; members yielded before are valid.
    """
    limits = limits or ArchiveLimits()
    with path.open("rb") as file:
        stream = _Stream(file, path.stat().st_size, limits, advance)
        names = Names()
        files: set[str] = set()
        links: list[Member] = []
        for count, info in enumerate(_headers(stream)):
            if count >= limits.members:
                raise ArchiveError(
                    f"has more than {limits.members} members, the limit for a release",
                    Check.ARCHIVE_BOMB,
                )
            name = info.name.removesuffix("/")
            for problem in names.add(name, directory=info.isdir()):
                report(problem)
            for problem in _check_type(info, name):
                report(problem)
            content = _content(stream, info)
            if info.type in _FILES or info.isdir():
                files.add(name)
                yield Member(
                    name, "directory" if info.isdir() else "file", info.size, info.mode, content
                )
            elif info.issym() or info.islnk():
                links.append(
                    Member(name, "link", info.size, info.mode, content, _target(info, name))
                )
                yield links[-1]
            for _ in content:
                pass
        stream.check_end()
        for problem in _check_links(links, files):
            report(problem)


def _headers(stream: _Stream) -> Iterator[tarfile.TarInfo]:
    """Yields every header, and reads the zero blocks that end the archive."""
    while True:
        block = stream.read_exactly(_BLOCK, "a header")
        if not any(block):
            if stream.skip_zeros():
                raise ArchiveError("data follows the end of the tar archive")
            return
        try:
            info = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
        except (tarfile.HeaderError, ValueError, UnicodeError) as error:
            raise ArchiveError(f"a tar header is malformed ({error})") from error
        if info.size < 0:
            raise ArchiveError(f"{info.name!r} declares a negative size, {info.size}")
        yield info


def _content(stream: _Stream, info: tarfile.TarInfo) -> Iterator[bytes]:
    left = 0 if info.type in _WITHOUT_CONTENT else info.size
    what = f"the content of {info.name!r}"
    padding = -left % _BLOCK
    while left:
        chunk = stream.read_exactly(min(CHUNK, left), what)
        left -= len(chunk)
        yield chunk
    if padding and any(stream.read_exactly(padding, what)):
        raise ArchiveError(f"data is hidden in the padding after {what}")


def _check_type(info: tarfile.TarInfo, name: str) -> Iterator[Problem]:
    if not (info.type in _FILES or info.isdir() or info.issym() or info.islnk()):
        yield Problem(
            Check.ARCHIVE_SPECIAL,
            f"{name!r} has tar type {info.type!r}; dists may contain only files, directories and "
            "links",
            name,
        )
    elif info.type not in _FILES and info.size:
        yield Problem(Check.ARCHIVE_SPECIAL, f"{name!r} has content, but is not a file", name)
    if info.mode & _SPECIAL_MODES and not info.issym():
        yield Problem(
            Check.ARCHIVE_SPECIAL,
            f"{name!r} has mode {info.mode:o}; files must not be setuid, setgid, sticky or "
            "world-writable",
            name,
        )


def _target(info: tarfile.TarInfo, name: str) -> str:
    """A link's target, relative to the archive's root; starts with / or ../ if outside it."""
    # Hard links are relative to the root, symbolic links to their own directory.
    base = PurePosixPath(name).parent if info.issym() else PurePosixPath()
    parts: list[str] = list(base.parts)
    for part in PurePosixPath(info.linkname).parts:
        if part == "/" or (part == ".." and not parts):
            return info.linkname if part == "/" else f"../{info.linkname}"
        if part == "..":
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)


def _check_links(links: list[Member], files: set[str]) -> Iterator[Problem]:
    for link in links:
        if link.target.startswith(("/", "../")):
            message = f"{link.path} links to {link.target}, which is outside the archive"
        elif link.target not in files:
            message = f"{link.path} links to {link.target}, which is not a file in the archive"
        else:
            continue
        yield Problem(Check.ARCHIVE_LINK, message, link.path)


class _Stream:
    """Decompresses an xz file on demand."""

    def __init__(
        self, file: BinaryIO, size: int, limits: ArchiveLimits, advance: Callable[[int], None]
    ) -> None:
        self._file = file
        self._advance = advance
        self._size = size
        self._limits = limits
        self._decoder = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_DECODER_MEMORY)
        self._buffer = b""
        self._inflated = 0

    def read_exactly(self, count: int, what: str) -> bytes:
        """The next `count` bytes, which belong to `what`.

        Raises:
          ArchiveError: the stream ends before.
        """
        parts = []
        while count:
            if not self._buffer and not self._fill():
                raise ArchiveError(f"truncated: the archive ends within {what}")
            part, self._buffer = self._buffer[:count], self._buffer[count:]
            count -= len(part)
            parts.append(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def skip_zeros(self) -> bytes:
        """Skips zeros; returns the data that follows, empty at the end of the stream."""
        while True:
            self._buffer = self._buffer.lstrip(b"\0")
            if self._buffer or not self._fill():
                return self._buffer

    def check_end(self) -> None:
        """Checks that the file ends with the xz stream.

        Raises:
          ArchiveError: data follows.
        """
        if self._decoder.unused_data or self._file.read(1):
            raise ArchiveError("data follows the end of the xz stream")

    def _fill(self) -> bool:
        """Decompresses the next chunk; False at the end of the stream."""
        while not self._buffer and not self._decoder.eof:
            packed = b""
            if self._decoder.needs_input:
                packed = self._file.read(CHUNK)
                if not packed:
                    raise ArchiveError("truncated: the xz stream does not end")
                self._advance(len(packed))
            try:
                self._buffer = self._decoder.decompress(packed, CHUNK)
            except (lzma.LZMAError, MemoryError) as error:
                raise ArchiveError(f"the xz stream is corrupt ({error})") from error
            self._inflated += len(self._buffer)
            self._limits.check(self._inflated, self._size)
        return bool(self._buffer)
