"""Archives in .tar.xz, read as a dist must be: plain ustar headers within one xz stream.

Headers are parsed by tarfile, one at a time; what tarfile would follow for a reader (pax and GNU
extensions, sparse maps, seeks) is refused instead, since dists have none of it.
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
# tarfile's isreg() holds for sparse files too.
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

    A member whose content was not read is passed over.

    Args:
      path: the archive.
      report: called with whatever is wrong; reading goes on where it can.
      limits: how much it may hold.
      advance: called with numbers of bytes of the archive that were read.

    Raises:
      ArchiveError: it cannot be read on, or is a bomb; what was yielded until then stands.
    """
    limits = limits or ArchiveLimits()
    with path.open("rb") as file:
        stream = _Stream(file, path.stat().st_size, limits, advance)
        names = Names()
        files: set[str] = set()
        links: list[Member] = []
        for count, info in enumerate(_headers(stream)):
            if count >= limits.members:
                raise ArchiveError(f"it has more than {limits.members} members", Check.ARCHIVE_BOMB)
            name = info.name.removesuffix("/")
            for problem in names.add(name, directory=info.isdir()):
                report(problem)
            for problem in _unfit(info, name):
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
        stream.end()
        for problem in _check_links(links, files):
            report(problem)


def _headers(stream: _Stream) -> Iterator[tarfile.TarInfo]:
    """Yields every header, and takes in the two empty blocks that end the archive."""
    while True:
        block = stream.exactly(_BLOCK, "a header")
        if not any(block):
            rest = stream.zeros()
            if rest:
                raise ArchiveError("bytes follow the end of the tar archive")
            return
        try:
            info = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
        except (tarfile.HeaderError, ValueError, UnicodeError) as error:
            raise ArchiveError(f"a tar header is malformed ({error})") from error
        if info.size < 0:
            raise ArchiveError(f"{info.name!r} declares {info.size} bytes")
        yield info


def _content(stream: _Stream, info: tarfile.TarInfo) -> Iterator[bytes]:
    left = 0 if info.type in _WITHOUT_CONTENT else info.size
    what = f"the content of {info.name!r}"
    padding = -left % _BLOCK
    while left:
        chunk = stream.exactly(min(CHUNK, left), what)
        left -= len(chunk)
        yield chunk
    if padding and any(stream.exactly(padding, what)):
        raise ArchiveError(f"bytes are hidden behind {what}")


def _unfit(info: tarfile.TarInfo, name: str) -> Iterator[Problem]:
    if not (info.type in _FILES or info.isdir() or info.issym() or info.islnk()):
        yield Problem(
            Check.ARCHIVE_SPECIAL,
            f"{name!r} is of tar type {info.type!r}; dists hold files, directories and links",
            name,
        )
    elif info.type not in _FILES and info.size:
        yield Problem(Check.ARCHIVE_SPECIAL, f"{name!r} has content and is no file", name)
    if info.mode & _SPECIAL_MODES and not info.issym():
        yield Problem(
            Check.ARCHIVE_SPECIAL,
            f"{name!r} has mode {info.mode:o}, which gives others too much",
            name,
        )


def _target(info: tarfile.TarInfo, name: str) -> str:
    """A link's target, seen from the archive's root; as it stands there when it leaves it."""
    # A hard link names its file from the root, a symbolic one from its own directory.
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
            cause = f"{link.path} leads out of the archive, to {link.target}"
        elif link.target not in files:
            cause = f"{link.path} leads to {link.target}, which is no file of the archive"
        else:
            continue
        yield Problem(Check.ARCHIVE_LINK, cause, link.path)


class _Stream:
    """What an xz file inflates to, as far as it was asked for."""

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

    def exactly(self, count: int, what: str) -> bytes:
        """The next `count` bytes.

        Raises:
          ArchiveError: there are no so many.
        """
        parts = []
        while count:
            if not self._buffer and not self._fill():
                raise ArchiveError(f"the archive ends within {what}")
            part, self._buffer = self._buffer[:count], self._buffer[count:]
            count -= len(part)
            parts.append(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def zeros(self) -> bytes:
        """What is left when zeros were passed over: nothing, if all is well."""
        while True:
            self._buffer = self._buffer.lstrip(b"\0")
            if self._buffer or not self._fill():
                return self._buffer

    def end(self) -> None:
        """Holds that the file ends where the xz stream does.

        Raises:
          ArchiveError: something follows.
        """
        if self._decoder.unused_data or self._file.read(1):
            raise ArchiveError("bytes follow the end of the xz stream")

    def _fill(self) -> bool:
        """Inflates more; False at the end of the stream."""
        while not self._buffer and not self._decoder.eof:
            packed = b""
            if self._decoder.needs_input:
                packed = self._file.read(CHUNK)
                if not packed:
                    raise ArchiveError("the xz stream ends too soon")
                self._advance(len(packed))
            try:
                self._buffer = self._decoder.decompress(packed, CHUNK)
            except (lzma.LZMAError, MemoryError) as error:
                raise ArchiveError(f"the xz stream is broken ({error})") from error
            self._inflated += len(self._buffer)
            self._limits.check(self._inflated, self._size)
        return bool(self._buffer)
