"""Equipment that is fetched into the user's cache when it is first needed, once per machine.

The same programs fetch it for the repository rules, into the same cache: nothing that a test
fetched is fetched again for a command. A line announces each download and its size.
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
from release.gate.smoke.environment import Requirements
from release.gate.smoke.equipment import Emulation, Interpreter, parse_emulation
from release.gate.smoke.errors import NotRunError
from release.model import products
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
# Prints the full version of a final release, and nothing for a pre-release.
_PRINT_VERSION = """\
import sys
print("%d.%d.%d" % sys.version_info[:3] if sys.version_info[3] == "final" else "")
"""


@dataclass(frozen=True, slots=True)
class Sources:
    """The functions that fetch each part."""

    cache: Callable[[], Path] = user_cache
    interpreter: Callable[[Path, str, Announce], Path] = python_bootstrap.interpreter
    emulation: Callable[[Path, Sequence[str], Announce], dict[str, Any]] = (
        emulation_bootstrap.emulation
    )
    root_file_system: Callable[[Path, Announce], Path] = rootfs_bootstrap.root_file_system
    wheel: Callable[[Pin, Target, LockFile, Path, str], Path] = fetch.fetch


@dataclass(frozen=True, slots=True)
class RequirementLocks:
    """The locks of what a product's wheels may require."""

    paths: Mapping[tuple[str, str], Path]
    """By platform and Python."""
    package: str
    """Their directory in the workspace, for messages."""
    fix: str
    """The command that writes them."""

    @classmethod
    def of(cls, requirements: products.LockedRequirements) -> RequirementLocks:
        """The locks that a product declares.

        Call it before the current directory changes: paths are relative to it.
        """
        paths = [Path(path).absolute() for path in requirements.locks]
        return cls(provided.locks(paths), requirements.package, requirements.fix)


class OnceCache:
    """Results and failures by name: each is fetched once, by one thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}
        self._results: dict[str, Any] = {}

    def get(self, name: str, fetch: Callable[[], T]) -> T:
        """What `fetch` returned or raised the first time.

        Raises:
          NotRunError: the first fetch failed.
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
    """Equipment of a command; implements `Equipment`."""

    uv: Path
    """The installer."""
    on_host: Mapping[str, Interpreter]
    """The host's Pythons, by minor version."""
    locks: RequirementLocks | None
    """The locks of what wheels may require; None: they require nothing."""
    declared: Data
    """Platforms and the matrix."""
    notify: Callable[[str], None]
    """Called with a line before each download."""
    sources: Sources = field(default_factory=Sources)
    _cache: OnceCache = field(default_factory=OnceCache, compare=False, repr=False)

    @classmethod
    def from_environment(
        cls,
        notify: Callable[[str], None],
        requirements: products.LockedRequirements | None,
        environ: Mapping[str, str] = os.environ,
    ) -> FetchedEquipment:
        """The equipment of the variables that `equipment_on_demand()` in defs.bzl sets.

        Args:
          notify: called with a line before each download.
          requirements: the locks of the product; None for a product that requires nothing.
          environ: the environment.

        Raises:
          KeyError: one is not set: the program was not started by Bazel.
        """
        found = json.loads(Path(environ["SMOKE_ON_HOST"]).read_bytes())
        return cls(
            uv=provided.installer(environ),
            on_host={
                version: Interpreter(version, python["release"], Path(python["path"]))
                for version, python in found.items()
                if python
            },
            locks=RequirementLocks.of(requirements) if requirements else None,
            declared=data.load(),
            notify=notify,
        )

    def interpreter(self, version: str) -> Interpreter:
        """The host's Python, or one from Debian packages."""
        if version in self.on_host:
            return self.on_host[version]
        return self._cache.get(f"interpreter {version}", lambda: self._interpreter(version))

    def requirements(self, platform: str, python: str) -> Requirements:
        """The lock, and the cache directory of each of its wheels."""
        return self._cache.get(
            f"requirements {platform} {python}", lambda: self._requirements(platform, python)
        )

    def emulation(self) -> Emulation:
        """qemu, and a root file system for each Debian suite with a Python of the matrix."""
        return self._cache.get("emulation", self._emulation)

    def root_file_system(self) -> Path:
        """A root file system from Debian packages."""
        return self._cache.get("root file system", self._root_file_system)

    def _interpreter(self, version: str) -> Interpreter:
        missing = f"Python {version} is not available"
        with _not_run(f"{missing} ({{}})"):
            path = self.sources.interpreter(self.sources.cache(), version, self._announce)
            full_version = _full_version(path)
        if full_version is None:
            raise NotRunError(f"{missing} ({path} does not run on this host)")
        return Interpreter(version, full_version, path)

    def _requirements(self, platform: str, python: str) -> Requirements:
        if self.locks is None:
            return Requirements()
        path = provided.lock_of(self.locks.paths, platform, python)
        file = LockFile(f"{self.locks.package}/{path.name}", self.locks.fix)
        tag = f"cp{python.replace('.', '')}"
        (tags,) = (one.wheel_tags for one in self.declared.platforms if one.name == platform)
        target = Target(f"{platform}-{tag}", python, (tag, "abi3"), tags)
        with _not_run():
            cache = self.sources.cache() / "payload"
            pins = lock.read(path, file.name)
            purpose = f"the release requires on {platform} with Python {python}"
            if line := sizes.wheels(pins, cache, purpose):
                self.notify(line)
            wheels = [self.sources.wheel(pin, target, file, cache, sys.executable) for pin in pins]
        return Requirements(path, tuple(wheel.parent for wheel in wheels))

    def _emulation(self) -> Emulation:
        with _not_run():
            versions = self.declared.matrix[_EMULATED]
            return parse_emulation(
                self.sources.emulation(self.sources.cache(), versions, self._announce)
            )

    def _root_file_system(self) -> Path:
        with _not_run():
            return self.sources.root_file_system(self.sources.cache(), self._announce)

    def _announce(self, purpose: str, size: int) -> None:
        self.notify(sizes.packages(purpose, size))


@contextmanager
def _not_run(message: str = "{}") -> Iterator[None]:
    """Turns failures to fetch a part into NotRunError.

    Args:
      message: has `{}` in place of the reason.

    Raises:
      NotRunError: the part cannot be fetched.
      InterruptedTestError: the smoke tests were interrupted.
    """
    process.check_interrupted()
    try:
        yield
    except (UnavailableError, LockError, FetchError, OSError) as error:
        # An interrupt also ends the fetching programs; their failure is then not the reason.
        process.check_interrupted()
        raise NotRunError(message.format(error)) from error


def _full_version(python: Path) -> str | None:
    result = subprocess.run(
        [str(python), "-I", "-S", "-c", _PRINT_VERSION],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return result.stdout.strip() or None
