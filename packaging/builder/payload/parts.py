"""The parts of a payload: which files go into which part."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

from builder.assembly import binary
from builder.assembly.archive import ArchiveWriter
from builder.assembly.errors import PackagingError
from builder.payload.index import Index, Member, Origin, Role

COMMON = "common.zip"
"""The part with the files that are the same for all Python tags."""

_OWN_METADATA = frozenset({"RECORD", "WHEEL", "top_level.txt"})
"""Files of .dist-info that are only valid in the upstream wheel."""
_EXTENSION = re.compile(r"\.pyd$|\.(cpython-[^/]+|abi3)\.so$")
_LIBRARY = re.compile(r"\.so(\.\d+)*$|\.dll$|\.dylib$|\.lib$")


@dataclass(frozen=True, slots=True)
class Target:
    """What native files must be for."""

    platform: str
    """Name of the platform, or "any" for a payload without native files."""
    system: str
    """linux, windows, macos or any."""
    cpu: str
    """x86_64, aarch64 or any."""

    def mismatch(self, native: binary.Binary) -> str | None:
        """Returns why a native file is not for the target, to follow its path, or None if it is."""
        if native.system == self.system and self.cpu in native.cpus:
            return None
        return (
            f"is a {native.system} file for {'+'.join(sorted(native.cpus))}, not for the platform "
            f"{self.platform}"
        )


@dataclass(frozen=True, slots=True)
class File:
    """A checked file."""

    role: Role
    sha256: str
    size: int
    mode: int
    """EXECUTABLE or PLAIN of `modes`."""


class FileSource(Protocol):
    """The files for one Python tag: a wheel or an install tree."""

    python_tag: str
    name: str
    """Its name in messages."""
    files: Mapping[str, File]
    """Its files, by their paths in the future wheel."""

    def add_to(self, writer: ArchiveWriter, path: str, *, recompress: bool) -> None:
        """Writes a file into a part."""


@dataclass(frozen=True, slots=True)
class Placement:
    """The part that a file of a payload goes to, and the source that it comes from."""

    part: str
    source: FileSource
    path: str

    @property
    def file(self) -> File:
        """The file."""
        return self.source.files[self.path]


def role(path: str, *, native: bool, dist_info: str) -> Role:
    """Returns the role of a file, by its path and whether it is native."""
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
    """Returns the part of every file, by Python tag and path.

    Args:
      sources: the sources, oldest Python first; files that all share come from the last.
      large: names of the parts of large files, by the path of the file.
      where: the file that declares the large files, for messages.

    Raises:
      PackagingError: a large file is not in the newest source.
    """
    newest = sources[-1]
    for path in sorted(large.keys() - newest.files.keys()):
        raise PackagingError(f"{newest.name}: {path} is missing, which {where} declares as `large`")
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
      placements: all files of the payload; duplicates are allowed.
      parts: where to write each part, by name.
      recompress: whether to recompress streams instead of copying them.
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
    """Returns the index of a payload with these placements."""
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
    """Yields the items sorted by Python version: cp39 comes before cp311."""
    yield from sorted(tags.items(), key=lambda item: (len(item[0]), item[0]))
