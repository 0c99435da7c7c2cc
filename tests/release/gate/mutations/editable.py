"""An editable copy of a valid release: a directory of links to its files, and edits of them."""

from __future__ import annotations

import base64
import hashlib
import io
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(slots=True)
class EditableWheel:
    """The members of a wheel, which can be changed and written again."""

    members: dict[str, bytes]
    """Content by path, in the order of the archive."""
    modes: dict[str, int] = field(default_factory=dict)
    """File type and permission bits of members that are not plain files."""

    @classmethod
    def read(cls, path: Path) -> EditableWheel:
        """Reads a valid wheel."""
        with zipfile.ZipFile(path) as archive:
            return cls({name: archive.read(name) for name in archive.namelist()})

    @property
    def dist_info(self) -> str:
        """Its .dist-info directory."""
        return next(name.split("/")[0] for name in self.members if ".dist-info/" in name)

    def edit(self, path: str, old: bytes, new: bytes) -> None:
        """Replaces bytes in a member, at every place where they occur."""
        assert old in self.members[path], f"{path} has no {old!r}"
        self.members[path] = self.members[path].replace(old, new)

    def metadata(self, old: str, new: str) -> None:
        """Edits METADATA."""
        self.edit(f"{self.dist_info}/METADATA", old.encode(), new.encode())

    def native(self, name: str) -> str:
        """Path of the first member whose file name starts with `name`."""
        return next(path for path in self.members if path.split("/")[-1].startswith(name))

    def record(self) -> None:
        """Rewrites RECORD to match the members."""
        record = f"{self.dist_info}/RECORD"
        self.members.pop(record, None)
        lines = [
            f'"{path}",sha256={_digest(content)},{len(content)}'
            for path, content in self.members.items()
            if not path.endswith("/")
        ]
        self.members[record] = "\n".join([*lines, f"{record},,"]).encode()

    def write(self, path: Path, compression: int = zipfile.ZIP_STORED) -> None:
        """Writes the wheel to a file."""
        with zipfile.ZipFile(path, "w", compression) as archive:
            for name, content in self.members.items():
                info = zipfile.ZipInfo(name)
                info.external_attr = self.modes.get(name, 0o100644) << 16
                info.compress_type = compression
                archive.writestr(info, content)


@dataclass(frozen=True, slots=True)
class EditableRelease:
    """A release that a mutation can change."""

    directory: Path
    """All files, side by side; links to the valid files until they are changed."""

    def path(self, *words: str) -> Path:
        """The only file whose name contains all of these words."""
        (found,) = (p for p in self.directory.iterdir() if all(word in p.name for word in words))
        return found

    def wheel(
        self, *words: str, change: Callable[[EditableWheel], None], record: bool = True
    ) -> Path:
        """Changes a wheel.

        Args:
          words: parts of its name.
          change: changes the members.
          record: whether to rewrite RECORD to match the members.
        """
        path = self.path(*words)
        wheel = EditableWheel.read(path)
        change(wheel)
        if record:
            wheel.record()
        path.unlink()
        wheel.write(path)
        return path

    def binary(self, *words: str, member: str, old: bytes, new: bytes) -> Path:
        """Changes bytes of a native file in a wheel, and rewrites RECORD to match."""
        return self.wheel(*words, change=lambda wheel: wheel.edit(wheel.native(member), old, new))

    def data(self, *words: str, change: Callable[[bytearray], bytes | bytearray]) -> Path:
        """Changes a file as plain bytes."""
        path = self.path(*words)
        content = change(bytearray(path.read_bytes()))
        path.unlink()
        path.write_bytes(content)
        return path

    def rename(self, *words: str, old: str, new: str) -> Path:
        """Renames a file."""
        path = self.path(*words)
        assert old in path.name
        return path.rename(path.with_name(path.name.replace(old, new)))

    def dist(self, *words: str, change: Callable[[list[EditableMember]], None]) -> Path:
        """Changes the members of a dist; omits the largest library, for speed."""
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
        """The files whose content or name was changed."""
        return [
            path
            for path in sorted(self.directory.iterdir())
            if not path.is_symlink() or path.readlink().name != path.name
        ]


_LARGE = 64 << 20


@dataclass(slots=True)
class EditableMember:
    """A member of a dist."""

    info: tarfile.TarInfo
    content: bytes = b""


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> EditableMember:
    """A symbolic or hard link."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return EditableMember(info)


def file(name: str, content: bytes, mode: int = 0o644) -> EditableMember:
    """A plain file."""
    info = tarfile.TarInfo(name)
    info.mode = mode
    return EditableMember(info, content)


def _items(path: Path) -> Iterator[EditableMember]:
    with tarfile.open(path, "r|xz") as archive:
        for info in archive:
            stream = archive.extractfile(info) if info.isreg() and info.size < _LARGE else None
            if stream or not info.isreg():
                yield EditableMember(info, stream.read() if stream else b"")


def _digest(content: bytes) -> str:
    raw = hashlib.sha256(content).digest()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
