"""The content of files, which may be larger than memory, and of directories."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

from assembly.errors import PackagingError

_CHUNK = 1 << 20


def chunks(path: Path) -> Iterator[bytes]:
    """A file's bytes, a mebibyte at a time."""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def sha256(path: Path) -> str:
    """Digest of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def walk(directory: Path) -> Iterator[Path]:
    """All that lies below a directory, in the order of the paths; links to directories too.

    A link is not always seen as one: where Bazel hands over the files of a directory one by one,
    there are directories where links were.

    Raises:
      PackagingError: a link leads to a directory that it lies in.
    """
    yield from _below(directory, (directory.resolve(),))


def _below(directory: Path, above: tuple[Path, ...]) -> Iterator[Path]:
    for path in sorted(directory.iterdir()):
        yield path
        if path.is_dir():
            real = path.resolve()
            if real in above:
                raise PackagingError(f"{path} is a link to a directory that it lies in")
            yield from _below(path, (*above, real))


def copy_tree(source: Path, target: Path) -> None:
    """Copies the files of a directory into a new one: their bytes, and neither times nor modes."""
    target.mkdir()
    for path in walk(source):
        copied = target / path.relative_to(source)
        if path.is_dir():
            copied.mkdir()
        else:
            shutil.copyfile(path, copied)
