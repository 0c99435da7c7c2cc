"""Where good sets are broken: a directory of links to good files, and tools to change some."""

from __future__ import annotations

import base64
import hashlib
import io
import lzma
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(slots=True)
class Wheel:
    """The members of a wheel, to be changed and written again."""

    members: dict[str, bytes]
    """Content by path, in the order of the archive."""
    modes: dict[str, int] = field(default_factory=dict)
    """File type and permission bits of members that are no plain files."""

    @classmethod
    def read(cls, path: Path) -> Wheel:
        """Reads a good wheel."""
        with zipfile.ZipFile(path) as archive:
            return cls({name: archive.read(name) for name in archive.namelist()})

    @property
    def dist_info(self) -> str:
        """Its .dist-info directory."""
        return next(name.split("/")[0] for name in self.members if ".dist-info/" in name)

    def edit(self, path: str, old: bytes, new: bytes) -> None:
        """Replaces the one kind of bytes `old` in a member by as many others, or by more."""
        assert old in self.members[path], f"{path} has no {old!r}"
        self.members[path] = self.members[path].replace(old, new)

    def metadata(self, old: str, new: str) -> None:
        """Edits METADATA."""
        self.edit(f"{self.dist_info}/METADATA", old.encode(), new.encode())

    def native(self, name: str) -> str:
        """Path of the member whose file name begins so."""
        return next(path for path in self.members if path.split("/")[-1].startswith(name))

    def record(self) -> None:
        """Writes RECORD anew, so that it agrees with the members."""
        record = f"{self.dist_info}/RECORD"
        self.members.pop(record, None)
        lines = [
            f'"{path}",sha256={_digest(content)},{len(content)}'
            for path, content in self.members.items()
            if not path.endswith("/")
        ]
        self.members[record] = "\n".join([*lines, f"{record},,"]).encode()

    def write(self, path: Path, compression: int = zipfile.ZIP_STORED) -> None:
        """Writes it."""
        with zipfile.ZipFile(path, "w", compression) as archive:
            for name, content in self.members.items():
                info = zipfile.ZipInfo(name)
                info.external_attr = self.modes.get(name, 0o100644) << 16
                info.compress_type = compression
                archive.writestr(info, content)


@dataclass(frozen=True, slots=True)
class Workshop:
    """A set that is about to be broken."""

    directory: Path
    """All files, side by side; links to the good ones until they are changed."""

    def path(self, *words: str) -> Path:
        """The one file whose name has all of these words."""
        (found,) = (p for p in self.directory.iterdir() if all(word in p.name for word in words))
        return found

    def wheel(self, *words: str, change: Callable[[Wheel], None], record: bool = True) -> Path:
        """Changes a wheel.

        Args:
          words: what its name has.
          change: changes the members.
          record: whether RECORD is to agree with what was changed.
        """
        path = self.path(*words)
        wheel = Wheel.read(path)
        change(wheel)
        if record:
            wheel.record()
        path.unlink()
        wheel.write(path)
        return path

    def binary(self, *words: str, member: str, old: bytes, new: bytes) -> Path:
        """Changes bytes of a native file in a wheel, RECORD agreeing."""
        return self.wheel(*words, change=lambda wheel: wheel.edit(wheel.native(member), old, new))

    def data(self, *words: str, change: Callable[[bytearray], bytes | bytearray]) -> Path:
        """Changes a file as plain bytes."""
        path = self.path(*words)
        content = change(bytearray(path.read_bytes()))
        path.unlink()
        path.write_bytes(content)
        return path

    def rename(self, *words: str, old: str, new: str) -> Path:
        """Gives a file another name."""
        path = self.path(*words)
        assert old in path.name
        return path.rename(path.with_name(path.name.replace(old, new)))

    def dist(self, *words: str, change: Callable[[list[Item]], None]) -> Path:
        """Changes the members of a dist; the largest library is left out, for speed."""
        path = self.path(*words)
        items = [item for item in _items(path) if len(item.content) < _LARGE]
        change(items)
        path.unlink()
        with tarfile.open(path, "w:xz", preset=0, format=tarfile.GNU_FORMAT) as archive:
            for item in items:
                item.info.size = len(item.content)
                archive.addfile(item.info, io.BytesIO(item.content))
        return path

    def changed(self) -> list[Path]:
        """The files that are no longer the good ones under their good names."""
        return [
            path
            for path in sorted(self.directory.iterdir())
            if not path.is_symlink() or path.readlink().name != path.name
        ]


_LARGE = 64 << 20


@dataclass(slots=True)
class Item:
    """A member of a dist."""

    info: tarfile.TarInfo
    content: bytes = b""


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> Item:
    """A symbolic or hard link."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return Item(info)


def file(name: str, content: bytes, mode: int = 0o644) -> Item:
    """A plain file."""
    info = tarfile.TarInfo(name)
    info.mode = mode
    return Item(info, content)


def recompressed(content: bytes) -> bytes:
    """A tar archive as the quickest xz."""
    return lzma.compress(content, preset=0)


def _items(path: Path) -> Iterator[Item]:
    with tarfile.open(path, "r|xz") as archive:
        for info in archive:
            stream = archive.extractfile(info) if info.isreg() and info.size < _LARGE else None
            if stream or not info.isreg():
                yield Item(info, stream.read() if stream else b"")


def _digest(content: bytes) -> str:
    raw = hashlib.sha256(content).digest()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
