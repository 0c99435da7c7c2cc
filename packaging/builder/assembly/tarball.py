"""Archives in .tar.xz (POSIX ustar within xz) whose bytes depend only on content.

Owner, time and modes are fixed, directories have entries, and entries are sorted by path. Files in
blobs are copied without recompression.
"""

from __future__ import annotations

import tarfile
from bisect import bisect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from builder.assembly import modes, xz
from builder.assembly.errors import PackagingError
from builder.assembly.xz import Block, Extent

TIME = 315532800
"""1980-01-01, as in wheels: GNU tar warns about files from 1970."""

_LITERAL_PRESET = 1  # only small files and headers are compressed here
_LITERAL_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Copied:
    """A file whose content is compressed already."""

    source: Path
    """The file that contains its xz blocks."""
    offset: int
    """Where they start."""
    blocks: tuple[Block, ...]
    """The blocks: the content, padded with zeros to tar's block size."""
    size: int
    """Bytes of content."""
    executable: bool
    """Whether the mode is 0755 instead of 0644."""


@dataclass(frozen=True, slots=True)
class Text:
    """A small file of mode 0644."""

    content: bytes


@dataclass(frozen=True, slots=True)
class Link:
    """A symbolic link to a file in the same archive."""

    target: str
    """The path of the file, relative to the link's directory."""


Entry = Copied | Text | Link


def padding(size: int) -> int:
    """Returns how many zeros follow a file of `size` bytes in a tar archive."""
    return -size % tarfile.BLOCKSIZE


def write(path: Path, entries: Mapping[str, Entry]) -> None:
    """Writes the archive `path` with these entries, by their paths in it.

    Raises:
      PackagingError: a path or a link is invalid, or a source is too short; the file is removed.
    """
    _check(entries, path.name)
    try:
        with path.open("wb") as file:
            _write(file, entries)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def read(path: Path) -> dict[str, Entry]:
    """Returns the entries of an archive that `write` made, by their paths in it.

    Copied files are returned as Copied entries again, with their blocks in this archive.

    Raises:
      PackagingError: it is not such an archive.
      OSError: it cannot be read.
    """
    with path.open("rb") as file:
        return _EntryReader(path, xz.Reader(file)).entries()


class _EntryReader:
    """Reads an archive from header to header."""

    def __init__(self, path: Path, reader: xz.Reader) -> None:
        self._path = path
        self._reader = reader
        self._starts = [extent.start for extent in reader.extents]
        # Headers and small files share blocks.
        self._content = lru_cache(maxsize=2)(reader.content)

    def entries(self) -> dict[str, Entry]:
        entries: dict[str, Entry] = {}
        at = 0
        while at < self._reader.size:
            header = self._literal(at, tarfile.BLOCKSIZE)
            if not any(header):
                return entries
            try:
                info = tarfile.TarInfo.frombuf(header, "utf-8", "strict")
            except (tarfile.HeaderError, UnicodeDecodeError) as error:
                raise self._error(f"invalid header ({error})") from error
            at += tarfile.BLOCKSIZE
            if info.issym():
                entries[info.name] = Link(info.linkname)
            elif info.isreg():
                entries[info.name] = self._file(info, at)
                at += info.size + padding(info.size)
            elif not info.isdir():
                raise self._error(f"{info.name} is neither a file nor a link")
        raise self._error("truncated")

    def _file(self, info: tarfile.TarInfo, at: int) -> Copied | Text:
        executable = bool(info.mode & 0o100)
        blocks = self._blocks(at, at + info.size + padding(info.size))
        if blocks:
            return Copied(
                source=self._path,
                offset=blocks[0].offset,
                blocks=tuple(extent.block for extent in blocks),
                size=info.size,
                executable=executable,
            )
        if executable:
            raise self._error(f"{info.name} shares xz blocks with other files")
        return Text(self._literal(at, info.size))

    def _blocks(self, start: int, end: int) -> list[Extent]:
        """Returns the blocks that contain exactly this range; none if there are no such blocks."""
        first = bisect(self._starts, start) - 1
        found = []
        for extent in self._reader.extents[first:]:
            if extent.start >= end:
                break
            found.append(extent)
        exact = found and found[0].start == start and found[-1].end == end
        return found if exact else []

    def _literal(self, start: int, size: int) -> bytes:
        data = bytearray()
        while len(data) < size:
            at = start + len(data)
            extent = self._reader.extents[bisect(self._starts, at) - 1]
            if extent.block.size > _LITERAL_BLOCK or at >= self._reader.size:
                raise self._error("small and large files share xz blocks")
            data += self._content(extent)[at - extent.start :][: size - len(data)]
        return bytes(data)

    def _error(self, cause: str) -> PackagingError:
        return PackagingError(
            f"{self._path.name}: not a dist archive that this tool wrote: {cause}"
        )


def _write(file: BinaryIO, entries: Mapping[str, Entry]) -> None:
    writer = xz.Writer(file)
    literal = bytearray()  # headers and small files since the last copy
    size = 0  # of the tar archive so far

    def flush() -> None:
        for start in range(0, len(literal), _LITERAL_BLOCK):
            block = xz.encode(bytes(literal[start : start + _LITERAL_BLOCK]), _LITERAL_PRESET)
            writer.add(*block)
        literal.clear()

    for name in sorted(entries.keys() | _directories(entries)):
        entry = entries.get(name)
        literal += _header(name, entry)
        size += tarfile.BLOCKSIZE
        match entry:
            case Text(content):
                literal += content + bytes(padding(len(content)))
                size += len(content) + padding(len(content))
            case Copied():
                flush()
                with entry.source.open("rb") as source:
                    writer.copy(source, entry.offset, entry.blocks)
                size += entry.size + padding(entry.size)
    literal += bytes(2 * tarfile.BLOCKSIZE)
    literal += bytes(-(size + 2 * tarfile.BLOCKSIZE) % tarfile.RECORDSIZE)
    flush()
    writer.finish()


def _header(name: str, entry: Entry | None) -> bytes:
    info = tarfile.TarInfo(name)
    info.mtime = TIME
    info.uname = info.gname = "root"
    match entry:
        case None:
            info.type = tarfile.DIRTYPE
            info.mode = modes.EXECUTABLE
        case Link(target):
            info.type = tarfile.SYMTYPE
            info.linkname = target
            info.mode = 0o777
        case Text(content):
            info.size = len(content)
            info.mode = modes.PLAIN
        case Copied():
            info.size = entry.size
            info.mode = modes.declared(entry.executable)
    try:
        return info.tobuf(tarfile.USTAR_FORMAT, "utf-8", "strict")
    except ValueError as error:
        raise PackagingError(f"{name}: it does not fit into a tar header ({error})") from error


def _directories(entries: Iterable[str]) -> set[str]:
    return {
        str(directory)
        for name in entries
        for directory in PurePosixPath(name).parents
        if directory != PurePosixPath()
    }


def _check(entries: Mapping[str, Entry], archive: str) -> None:
    for name in sorted(entries):
        if cause := _fault(name):
            raise PackagingError(f"{archive}: the path {name!r} {cause}")
    folded: dict[str, str] = {}
    for name in sorted(entries.keys() | _directories(entries)):
        twin = folded.setdefault(name.casefold(), name)
        if twin != name:
            raise PackagingError(f"{archive}: {twin} and {name} differ only in letter case")
    for name in sorted(_directories(entries) & entries.keys()):
        raise PackagingError(f"{archive}: {name} would be both a file and a directory")
    for name, entry in sorted(entries.items()):
        if isinstance(entry, Link):
            target = _resolve(name, entry.target)
            if target is None:
                raise PackagingError(
                    f"{archive}: the link {name} leaves the archive: {entry.target}"
                )
            if not isinstance(entries.get(target), Copied | Text):
                raise PackagingError(
                    f"{archive}: the link {name} does not point to a file: {entry.target}"
                )


def _fault(name: str) -> str | None:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        return "leaves the archive"
    # Windows reads a backslash as a separator, and C: as a drive.
    if "\\" in name or ":" in name or not name.isprintable():
        return "contains a character that is not allowed"
    if str(path) != name or not path.parts:
        return "is not normalized"
    return None


def _resolve(name: str, target: str) -> str | None:
    """Returns the path that a link points to, or None if it leaves the archive."""
    if target.startswith("/"):
        return None
    parts = list(PurePosixPath(name).parent.parts)
    for part in PurePosixPath(target).parts:
        if part != "..":
            parts.append(part)
        elif parts:
            parts.pop()
        else:
            return None
    return "/".join(parts)
