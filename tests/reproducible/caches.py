"""The caches and workers that reproducible builds use.

A disk cache of Bazel has action results in `ac`, and files by digest in `cas`.
"""

from __future__ import annotations

import os
import random
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.servers.remote import engines


class NotRunError(Exception):
    """This machine cannot run a server; the message says why."""


@dataclass(frozen=True, slots=True)
class Caches:
    """The caches of a comparison, in one directory."""

    directory: Path
    seed: int

    @property
    def disk(self) -> Path:
        """The disk cache that the first way fills."""
        return self.directory / "disk"

    @contextmanager
    def http(self) -> Iterator[str]:
        """Serves the remote cache; yields its address."""
        cache = self.directory / "http"
        cache.mkdir(exist_ok=True)
        with ExitStack() as stack, _not_run():
            scratch = stack.enter_context(tempfile.TemporaryDirectory(dir=self.directory))
            programs = engines.engines()
            yield stack.enter_context(engines.http_cache(programs, Path(scratch), cache=cache))

    @contextmanager
    def workers(self) -> Iterator[str]:
        """Serves remote execution with an empty cache; yields its address."""
        with ExitStack() as stack, _not_run():
            programs = engines.engines()
            engines.require_sandboxes(programs)
            directories = []
            for name in ("database", "buildgrid", "worker"):
                directories.append(self.directory / name)
                directories[-1].mkdir()
            database = stack.enter_context(engines.database(programs, directories[0]))
            address = stack.enter_context(engines.buildgrid(directories[1], database))
            stack.enter_context(engines.worker(programs, directories[2], address))
            yield address


@contextmanager
def _not_run() -> Iterator[None]:
    """Turns pytest's skip into NotRunError."""
    try:
        yield
    except pytest.skip.Exception as skipped:
        raise NotRunError(str(skipped).removeprefix("not run: ")) from skipped


@dataclass(frozen=True, slots=True)
class Half:
    """The number of files in half of a cache."""

    kept: int
    lost: int


def files_of(cache: Path) -> list[Path]:
    """All files of a disk cache, relative to it, sorted."""
    return sorted(
        path.relative_to(cache)
        for kind in ("ac", "cas")
        for path in (cache / kind).rglob("*")
        if path.is_file()
    )


def random_half(cache: Path, target: Path, seed: int) -> Half:
    """Creates a cache with a random half of the action results and files of another.

    It has results that lack some or all of their files, and files without results.

    Args:
      cache: a filled disk cache, which is not changed.
      target: the new cache, which does not exist.
      seed: the seed of the random selection.
    """
    choose = random.Random(seed)
    kept = lost = 0
    for name in files_of(cache):
        if choose.random() < 0.5:
            lost += 1
            continue
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        os.link(cache / name, target / name)
        kept += 1
    return Half(kept, lost)
