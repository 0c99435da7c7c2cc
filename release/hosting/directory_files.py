"""The files of a directory store: valid names, partial files and durable writes."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from release.hosting.store import Upload
from release.model.errors import Refused, UsageError

RELEASE_FILE = "release.json"
CHUNK = 1 << 20

_MAX_NAME_LENGTH = 200
_UNSAFE = re.compile(r"[\x00-\x1f\x7f/\\]")


def checked_name(name: str, kind: str) -> str:
    """Returns a name that is safe to use as a file name.

    Raises:
      UsageError: it is not.
    """
    if (
        not name
        or name.startswith(".")
        or name == RELEASE_FILE
        or _UNSAFE.search(name)
        or len(name.encode(errors="surrogateescape")) > _MAX_NAME_LENGTH
    ):
        raise UsageError(f"{name!r} is not a valid name for a {kind} in a directory store")
    return name


def copy(content: Upload, partial: Path, progress: Callable[[int], None]) -> None:
    """Copies content to an existing file, syncs it to disk, and checks it against its digest.

    Raises:
      Refused: the content does not match its digest.
    """
    digest = hashlib.sha256()
    count = 0
    try:
        with content.open() as source, partial.open("r+b") as target:
            while chunk := source.read(CHUNK):
                digest.update(chunk)
                target.write(chunk)
                count += len(chunk)
                progress(len(chunk))
            target.flush()
            os.fsync(target.fileno())
    except BaseException:
        progress(-count)
        raise
    if digest.hexdigest() != content.sha256:
        progress(-count)
        raise Refused(
            f"{content.source if isinstance(content.source, Path) else content.name}: the file "
            "changed after it was checked; start again"
        )


def sweep(directory: Path, *, keep: str = "") -> None:
    """Removes the partial files of killed writers: those that no process has locked."""
    for path in directory.glob(".*"):
        if path.name == keep:
            continue
        with suppress(OSError), path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()


def delete_tree(directory: Path) -> None:
    """Deletes a directory if it exists."""
    if directory.is_dir():
        shutil.rmtree(directory)


def sync_directory(directory: Path) -> None:
    """Syncs the entries of a directory to disk."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
