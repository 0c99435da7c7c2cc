"""The parts of a payload: what is in each, whatever the files are taken from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

from assembly import binary
from assembly.archive import ArchiveWriter
from assembly.errors import PackagingError
from payload.index import Index, Member, Origin, Role

COMMON = "common.zip"
"""The part with whatever is equal for all Python tags."""

_OWN_METADATA = frozenset({"RECORD", "WHEEL", "top_level.txt"})
"""Files of .dist-info that only make sense in the wheel they came in."""
_EXTENSION = re.compile(r"\.pyd$|\.(cpython-[^/]+|abi3)\.so$")
_LIBRARY = re.compile(r"\.so(\.\d+)*$|\.dll$|\.dylib$|\.lib$")


@dataclass(frozen=True, slots=True)
class Target:
    """What native files must be for."""

    platform: str
    """Name of the platform, or any for a payload without native files."""
    system: str
    """linux, windows, macos, or any."""
    cpu: str
    """x86_64, aarch64, or any."""

    def refusal(self, native: binary.Binary) -> str | None:
        """What a native file is that it must not be, to go behind its path; None of a right one."""
        if native.system == self.system and self.cpu in native.cpus:
            return None
        return (
            f"is a {native.system} file for {'+'.join(sorted(native.cpus))}, which does not belong "
            f"on {self.platform}"
        )


@dataclass(frozen=True, slots=True)
class File:
    """A checked file."""

    role: Role
    sha256: str
    size: int
    mode: int
    """Of `modes`."""


class FileSource(Protocol):
    """What serves one Python tag: a wheel, or an install tree."""

    python_tag: str
    name: str
    """What messages call it."""
    files: Mapping[str, File]
    """Its files, by path within the wheel to be."""

    def add_to(self, writer: ArchiveWriter, path: str, *, recompress: bool) -> None:
        """Writes a file into a part."""


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a file of a payload goes, and from which source its bytes are taken."""

    part: str
    source: FileSource
    path: str

    @property
    def file(self) -> File:
        """The file."""
        return self.source.files[self.path]


def role(path: str, *, native: bool, dist_info: str) -> Role:
    """What a file is for, by its path and whether it is a native one."""
    if path.startswith(dist_info + "/"):
        return "metadata"
    if _EXTENSION.search(path):
        return "extension"
    if _LIBRARY.search(path):
        return "library"
    return "tool" if native else "data"


def place(
    sources: Sequence[FileSource], large: Mapping[str, str], where: str
) -> dict[str, dict[str, Placement]]:
    """Decides the part of every file: by Python tag, then by path.

    Args:
      sources: oldest Python first; what all share is taken from the last.
      large: part names of the files that get a part of their own, by path.
      where: the file that gives them one, for messages.

    Raises:
      PackagingError: a large file is not in the newest source.
    """
    newest = sources[-1]
    for path in sorted(large.keys() - newest.files.keys()):
        raise PackagingError(
            f"{newest.name}: {path} is not in it, but {where} gives it a part of its own"
        )
    shared = {
        path
        for path, file in newest.files.items()
        if all(path in s.files and s.files[path].sha256 == file.sha256 for s in sources)
    }
    placements: dict[str, dict[str, Placement]] = {}
    for source in sources:
        placed = placements[source.python_tag] = {}
        for path, file in source.files.items():
            if file.role == "metadata" and PurePosixPath(path).name in _OWN_METADATA:
                continue
            if path in large and (path in shared or source is newest):
                placed[path] = Placement(large[path], newest, path)
            elif path in shared:
                placed[path] = Placement(COMMON, newest, path)
            else:
                placed[path] = Placement(f"{source.python_tag}.zip", source, path)
    return placements


def write_parts(
    placements: Iterable[Placement], parts: Mapping[str, Path], *, recompress: bool
) -> None:
    """Writes each part, its members sorted by path.

    Args:
      placements: every file of the payload; the same one may come more than once.
      parts: where to write each part, by name.
      recompress: whether to make every stream anew instead of copying it.
    """
    members: dict[str, dict[str, Placement]] = {part: {} for part in parts}
    for placement in placements:
        members[placement.part][placement.path] = placement
    for part, path in parts.items():
        with ArchiveWriter(path) as writer:
            for name, placement in sorted(members[part].items()):
                placement.source.add_to(writer, name, recompress=recompress)


def build_index(
    platform: str, origin: Origin, placements: Mapping[str, Mapping[str, Placement]]
) -> Index:
    """The index of the payload that `placements` describes."""
    return Index(
        platform=platform,
        origin=origin,
        members={
            tag: tuple(
                Member(
                    path=path,
                    role=placement.file.role,
                    part=placement.part,
                    sha256=placement.file.sha256,
                    size=placement.file.size,
                    mode=placement.file.mode,
                )
                for path, placement in sorted(placed.items())
            )
            for tag, placed in placements.items()
        },
    )


def by_age(tags: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Sorts by Python version: cp39 comes before cp311."""
    yield from sorted(tags.items(), key=lambda item: (len(item[0]), item[0]))
