"""Where two files part that should be equal."""

from __future__ import annotations

import hashlib
import tarfile
import zipfile
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

_READ = 1 << 20


def files_below(place: Path) -> dict[str, Path]:
    """A file by its own name, or all files of a directory by their names, its own included."""
    if not place.is_dir():
        return {place.name: place}
    found = sorted(path for path in place.rglob("*") if path.is_file())
    return {str(path.relative_to(place.parent)): path for path in found}


def sha256(path: Path) -> str:
    """The digest of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def first_difference(one: Path, other: Path) -> str:
    """Says where two different files part: the member of an archive, or the byte."""
    suffixes = [suffix for suffix in _MEMBERS if one.name.endswith(suffix)]
    if not suffixes:
        return f"at byte {_first_byte(one, other)}"
    members = _MEMBERS[suffixes[0]]
    for mine, theirs in zip_longest(members(one), members(other)):
        if mine is None or theirs is None or mine[0] != theirs[0]:
            names = [member[0] if member else "the end" for member in (mine, theirs)]
            return f"{names[0]} stands where the other has {names[1]}"
        name = mine[0]
        for what, left, right in zip(("header", "content"), mine[1:], theirs[1:], strict=True):
            if left != right:
                return f"in the {what} of {name}"
    return f"at byte {_first_byte(one, other)}, though all members are equal"


def _zip_members(path: Path) -> Iterator[tuple[str, str, str]]:
    """Name, header and digest of the content of each member."""
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            # All that a packer may choose; where a member lies follows from those before it.
            header = [
                *(info.date_time, info.create_system, info.create_version, info.extract_version),
                *(info.flag_bits, info.compress_type, info.internal_attr, info.external_attr),
                info.extra,
            ]
            yield info.filename, repr(header), hashlib.sha256(archive.read(info)).hexdigest()


def _tar_members(path: Path) -> Iterator[tuple[str, str, str]]:
    """Name, header and digest of the content of each member."""
    with tarfile.open(path) as archive:
        for info in archive:
            header = [
                *(info.mode, info.uid, info.gid, info.uname, info.gname, info.mtime),
                *(info.type, info.linkname, info.pax_headers),
            ]
            digest = hashlib.sha256()
            if content := archive.extractfile(info) if info.isfile() else None:
                while chunk := content.read(_READ):
                    digest.update(chunk)
            yield info.name, repr(header), digest.hexdigest()


_MEMBERS = {".whl": _zip_members, ".tar.xz": _tar_members}


def _first_byte(one: Path, other: Path) -> int:
    at = 0
    with one.open("rb") as mine, other.open("rb") as theirs:
        while True:
            left, right = mine.read(_READ), theirs.read(_READ)
            if left != right or not left:
                pairs = zip(left, right, strict=False)
                differing = (i for i, (a, b) in enumerate(pairs) if a != b)
                return at + next(differing, min(len(left), len(right)))
            at += len(left)
