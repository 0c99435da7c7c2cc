"""Generations: the site is a symbolic link to a complete directory, and is replaced in one step.

site -> .site-7         the served generation
.site-6                 the previous generation, for readers that still use it
.site-8                 the generation being written; removed by the next run if this one is killed
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from release.hosting.store import Busy
from release.model.errors import UsageError


@dataclass(frozen=True, slots=True)
class Generation:
    """A site that is being written."""

    directory: Path
    """Where to write."""
    previous: Path | None
    """The served generation; None the first time."""

    def keep(self, path: str) -> bool:
        """Reuses a file of the previous generation; returns whether it exists there."""
        if self.previous is None:
            return False
        target = self.directory / path
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(self.previous / path, target)
        except FileNotFoundError:
            return False
        return True

    def path(self, path: str) -> Path:
        """The path to write a file at; its directory is created."""
        target = self.directory / path
        target.parent.mkdir(parents=True, exist_ok=True)
        return target


@contextmanager
def new(site: Path) -> Iterator[Generation]:
    """Opens the next generation of a site, and serves it unless an exception is raised.

    Raises:
      UsageError: the path is taken by something else.
      Busy: another process is writing the site.
    """
    if site.exists() and not site.is_symlink():
        if not site.is_dir() or any(site.iterdir()):
            raise UsageError(
                f"{site} exists and is not an index; move it away, or pass another directory with "
                "--site"
            )
        site.rmdir()
    site.parent.mkdir(parents=True, exist_ok=True)
    with (site.parent / f".{site.name}.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy(f"{site}: another process is writing the index; run this again") from None
        served = _served(site)
        numbers = _numbers(site)
        for number in numbers:
            if number != served:
                _remove(_directory(site, number))
        directory = _directory(site, 1 + max(numbers, default=0))
        directory.mkdir()
        try:
            yield Generation(directory, None if served is None else _directory(site, served))
        except BaseException:
            _remove(directory)
            raise
        _to_disk(directory)
        aside = site.parent / f".{site.name}.link"
        aside.unlink(missing_ok=True)
        aside.symlink_to(directory.name)
        aside.replace(site)
        _sync(site.parent)


def _served(site: Path) -> int | None:
    if not site.is_symlink():
        return None
    match = re.fullmatch(rf"\.{re.escape(site.name)}-(\d+)", str(site.readlink()))
    if not match:
        raise UsageError(
            f"{site} is a link to {site.readlink()}, not to an index; pass another directory with "
            "--site, or remove the link"
        )
    return int(match[1]) if site.exists() else None


def _numbers(site: Path) -> list[int]:
    pattern = re.compile(rf"\.{re.escape(site.name)}-(\d+)")
    return [int(m[1]) for path in site.parent.iterdir() if (m := pattern.fullmatch(path.name))]


def _directory(site: Path, number: int) -> Path:
    return site.parent / f".{site.name}-{number}"


def _remove(directory: Path) -> None:
    with suppress(FileNotFoundError):
        shutil.rmtree(directory)


def _to_disk(directory: Path) -> None:
    """Flushes all new files to disk, then the directories."""
    for parent, _, names in os.walk(directory):
        for name in names:
            path = Path(parent, name)
            # A second link belongs to the previous generation: it is on disk already.
            if path.stat().st_nlink == 1:
                _sync(path)
        _sync(Path(parent))


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
