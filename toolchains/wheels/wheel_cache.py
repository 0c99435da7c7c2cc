"""How wheels lie in the user's cache: whole or not at all, under what decides their bytes."""

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
    """Holds the lock that is the file at `path` against other processes."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def staging(home: Path) -> Iterator[Path]:
    """An empty directory beside `home`, gone afterwards, as are those of killed processes.

    The caller holds the lock of `home`.
    """
    for leftover in home.parent.glob(f"{home.name}.staging*"):
        shutil.rmtree(leftover, ignore_errors=True)
    made = Path(tempfile.mkdtemp(prefix=f"{home.name}.staging", dir=home.parent))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def publish(wheels: Path, home: Path) -> None:
    """Makes a staged directory of wheels the directory `home`, once its bytes are on the disk."""
    for wheel in wheels.iterdir():
        with wheel.open("rb") as file:
            os.fsync(file.fileno())
    wheels.rename(home)


def sha256(path: Path) -> str:
    """The digest of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def place(wheel: Path, directory: Path) -> None:
    """Puts a wheel of the cache into a directory: a hard link where possible, else a copy."""
    directory.mkdir(parents=True, exist_ok=True)
    target = directory / wheel.name
    target.unlink(missing_ok=True)
    try:
        target.hardlink_to(wheel)
    except OSError:
        shutil.copyfile(wheel, target)
