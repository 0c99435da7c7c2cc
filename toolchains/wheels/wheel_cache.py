"""Wheels in the user's cache: created atomically, under a name that determines their content."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Holds a lock between processes on the file at `path`."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def staging(home: Path) -> Iterator[Path]:
    """A temporary empty directory beside `home`; removes those of killed processes.

    The caller must hold the lock of `home`.
    """
    for leftover in home.parent.glob(f"{home.name}.staging*"):
        shutil.rmtree(leftover, ignore_errors=True)
    directory = Path(tempfile.mkdtemp(prefix=f"{home.name}.staging", dir=home.parent))
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def publish(wheels: Path, home: Path) -> None:
    """Renames a staged directory of wheels to `home`, once the wheels are on disk."""
    for wheel in wheels.iterdir():
        with wheel.open("rb") as file:
            os.fsync(file.fileno())
    wheels.rename(home)


def sha256(path: Path) -> str:
    """The digest of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def place(wheel: Path, directory: Path) -> None:
    """Adds a cached wheel to a directory, as a hard link if possible, else as a copy."""
    directory.mkdir(parents=True, exist_ok=True)
    target = directory / wheel.name
    target.unlink(missing_ok=True)
    try:
        target.hardlink_to(wheel)
    except OSError:
        shutil.copyfile(wheel, target)
