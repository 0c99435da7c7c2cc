"""Equipment that is fetched when it is first needed, once a machine, into the user's cache.

It comes from the programs that the repository rules run, in the same places of the cache: what a
test had fetched is not fetched again for a command. A line says what is fetched, and how much.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from platforms import data
from platforms.data import Data
from release.gate.smoke import process, provided, sizes
from release.gate.smoke.candidate import NotRunError
from release.gate.smoke.environment import Requirements
from release.gate.smoke.equipment import Emulation, Interpreter, parse_emulation
from toolchains.debian.apt import Announce
from toolchains.debian.errors import UnavailableError
from toolchains.debian.user_cache import user_cache
from toolchains.emulation import bootstrap as emulation_bootstrap
from toolchains.python import bootstrap as python_bootstrap
from toolchains.rootfs import bootstrap as rootfs_bootstrap
from toolchains.wheels import fetch, lock
from toolchains.wheels.fetch import Target
from toolchains.wheels.lock import LockError, Pin
from toolchains.wheels.pip_download import FetchError, LockFile

T = TypeVar("T")

_EMULATED = "linux_aarch64"
_PACKAGE = "packaging/dependencies"
# Prints the release of a Python whose wheels it can use, and nothing for one that is not final.
_ASK_RELEASE = """\
import sys
print("%d.%d.%d" % sys.version_info[:3] if sys.version_info[3] == "final" else "")
"""


@dataclass(frozen=True, slots=True)
class Sources:
    """What fetches each part."""

    cache: Callable[[], Path] = user_cache
    interpreter: Callable[[Path, str, Announce], Path] = python_bootstrap.interpreter
    emulation: Callable[[Path, Sequence[str], Announce], dict[str, Any]] = (
        emulation_bootstrap.emulation
    )
    root_file_system: Callable[[Path, Announce], Path] = rootfs_bootstrap.root_file_system
    wheel: Callable[[Pin, Target, LockFile, Path, str], Path] = fetch.fetch


class OnceCache:
    """What was had, or could not be had, by its name: each is asked for once, by one thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}
        self._results: dict[str, Any] = {}

    def get(self, name: str, fetch: Callable[[], T]) -> T:
        """What `fetch` returns or raises the first time.

        Raises:
          NotRunError: the first time it could not be had.
        """
        with self._lock:
            own = self._locks.setdefault(name, threading.Lock())
        with own:
            if name not in self._results:
                try:
                    self._results[name] = fetch()
                except NotRunError as error:
                    self._results[name] = error
            result: T | NotRunError = self._results[name]
        if isinstance(result, NotRunError):
            # Not the same exception: a traceback belongs to one thread.
            raise NotRunError(str(result))
        return result


@dataclass(frozen=True, slots=True)
class FetchedEquipment:
    """Equipment of a command; its methods are those of `Equipment`."""

    uv: Path
    """The installer."""
    on_host: Mapping[str, Interpreter]
    """The Pythons that the host has, by minor version."""
    locks: Mapping[tuple[str, str], Path]
    """The lock of what our wheels require, by platform and Python."""
    declared: Data
    """Platforms and the matrix."""
    say: Callable[[str], None]
    """Is called with a line before each fetch."""
    sources: Sources = field(default_factory=Sources)
    _memory: OnceCache = field(default_factory=OnceCache, compare=False, repr=False)

    @classmethod
    def from_environment(
        cls, say: Callable[[str], None], environ: Mapping[str, str] = os.environ
    ) -> FetchedEquipment:
        """What the variables name that `equipment_on_demand()` in defs.bzl sets.

        Raises:
          KeyError: one is not set: the program was not started by Bazel.
        """
        found = json.loads(Path(environ["TRIAL_ON_HOST"]).read_bytes())
        return cls(
            uv=provided.installer(environ),
            on_host={
                version: Interpreter(version, python["release"], Path(python["path"]))
                for version, python in found.items()
                if python
            },
            locks=provided.locks(environ),
            declared=data.load(),
            say=say,
        )

    def interpreter(self, version: str) -> Interpreter:
        """The host's Python, or one from Debian's packages."""
        if version in self.on_host:
            return self.on_host[version]
        return self._memory.get(f"interpreter {version}", lambda: self._interpreter(version))

    def requirements(self, platform: str, python: str) -> Requirements:
        """The lock, and where each of its wheels lies in the cache."""
        return self._memory.get(
            f"requirements {platform} {python}", lambda: self._requirements(platform, python)
        )

    def emulation(self) -> Emulation:
        """qemu, and a root for each Debian suite that has a Python of the matrix."""
        return self._memory.get("emulation", self._emulation)

    def root_file_system(self) -> Path:
        """A root file system from Debian's packages."""
        return self._memory.get("root file system", self._root_file_system)

    def _interpreter(self, version: str) -> Interpreter:
        missing = f"there is no Python {version} here"
        with _unfit(f"{missing} ({{}})"):
            path = self.sources.interpreter(self.sources.cache(), version, self._announce)
            release = _release(path)
        if release is None:
            raise NotRunError(f"{missing} ({path} does not run on this host)")
        return Interpreter(version, release, path)

    def _requirements(self, platform: str, python: str) -> Requirements:
        path = provided.lock_of(self.locks, platform, python)
        file = LockFile(f"{_PACKAGE}/locks/{path.name}", f"./bazelw run //{_PACKAGE}:lock")
        tag = f"cp{python.replace('.', '')}"
        (tags,) = (one.wheel_tags for one in self.declared.platforms if one.name == platform)
        target = Target(f"{platform}-{tag}", python, (tag, "abi3"), tags)
        with _unfit():
            cache = self.sources.cache() / "payload"
            pins = lock.read(path, file.name)
            needed = f"iree-compiler and iree-runtime require on {platform} with Python {python}"
            if line := sizes.wheels(pins, cache, needed):
                self.say(line)
            wheels = [self.sources.wheel(pin, target, file, cache, sys.executable) for pin in pins]
        return Requirements(path, tuple(wheel.parent for wheel in wheels))

    def _emulation(self) -> Emulation:
        with _unfit():
            versions = self.declared.matrix[_EMULATED]
            return parse_emulation(
                self.sources.emulation(self.sources.cache(), versions, self._announce)
            )

    def _root_file_system(self) -> Path:
        with _unfit():
            return self.sources.root_file_system(self.sources.cache(), self._announce)

    def _announce(self, purpose: str, size: int) -> None:
        self.say(sizes.packages(purpose, size))


@contextmanager
def _unfit(sentence: str = "{}") -> Iterator[None]:
    """Raises whatever keeps a part from being fetched as NotRunError.

    Args:
      sentence: takes the reason at `{}`.

    Raises:
      NotRunError: it cannot be had.
      InterruptedTestError: the smoke tests are to end.
    """
    process.check_interrupted()
    try:
        yield
    except (UnavailableError, LockError, FetchError, OSError) as error:
        # An interrupt also ends the programs that fetch: it is then no reason to report.
        process.check_interrupted()
        raise NotRunError(sentence.format(error)) from error


def _release(python: Path) -> str | None:
    done = subprocess.run(
        [str(python), "-I", "-S", "-c", _ASK_RELEASE],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or None
