"""Finds the first difference between two files."""

from __future__ import annotations

import hashlib
import tarfile
import zipfile
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

_READ = 1 << 20


def files_below(path: Path) -> dict[str, Path]:
    """A file by its name, or the files of a directory by their path starting with its name."""
    if not path.is_dir():
        return {path.name: path}
    files = sorted(file for file in path.rglob("*") if file.is_file())
    return {str(file.relative_to(path.parent)): file for file in files}


def sha256(path: Path) -> str:
    """The digest of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def first_difference(one: Path, other: Path) -> str:
    """Describes where two files differ first: a member of an archive, or a byte."""
    suffixes = [suffix for suffix in _MEMBERS if one.name.endswith(suffix)]
    if not suffixes:
        return f"at byte {_first_byte(one, other)}"
    members = _MEMBERS[suffixes[0]]
    for mine, theirs in zip_longest(members(one), members(other)):
        if mine is None or theirs is None or mine[0] != theirs[0]:
            names = [member[0] if member else "the end" for member in (mine, theirs)]
            return f"{names[0]} instead of {names[1]}"
        name = mine[0]
        for what, left, right in zip(("header", "content"), mine[1:], theirs[1:], strict=True):
            if left != right:
                return f"in the {what} of {name}"
    return f"at byte {_first_byte(one, other)}, but all members are equal"


def _zip_members(path: Path) -> Iterator[tuple[str, str, str]]:
    """Yields the name, the header and the digest of the content of each member."""
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            # Everything that a packer decides; offsets follow from the previous members.
            header = [
                *(info.date_time, info.create_system, info.create_version, info.extract_version),
                *(info.flag_bits, info.compress_type, info.internal_attr, info.external_attr),
                info.extra,
            ]
            yield info.filename, repr(header), hashlib.sha256(archive.read(info)).hexdigest()


def _tar_members(path: Path) -> Iterator[tuple[str, str, str]]:
    """Yields the name, the header and the digest of the content of each member."""
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
