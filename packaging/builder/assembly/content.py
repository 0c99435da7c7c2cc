"""Reads files in chunks, and directories in a fixed order."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

from builder.assembly.errors import PackagingError

_CHUNK = 1 << 20


def chunks(path: Path) -> Iterator[bytes]:
    """Yields the content of a file in chunks of at most 1 MiB."""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def sha256(path: Path) -> str:
    """Returns the SHA-256 digest of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def walk(directory: Path) -> Iterator[Path]:
    """Yields everything in a directory, recursively and sorted by path. It follows links.

    It must: when Bazel passes the files of a directory one by one, links to directories are
    replaced by directories.

    Raises:
      PackagingError: a link points to a directory that contains it.
    """
    yield from _below(directory, (directory.resolve(),))


def _below(directory: Path, above: tuple[Path, ...]) -> Iterator[Path]:
    for path in sorted(directory.iterdir()):
        yield path
        if path.is_dir():
            real = path.resolve()
            if real in above:
                raise PackagingError(f"{path} is a link to a directory that contains it")
            yield from _below(path, (*above, real))


def copy_tree(source: Path, target: Path) -> None:
    """Copies the files of a directory into a new one, without their times and modes."""
    target.mkdir()
    for path in walk(source):
        copied = target / path.relative_to(source)
        if path.is_dir():
            copied.mkdir()
        else:
            shutil.copyfile(path, copied)
