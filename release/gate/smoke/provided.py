"""Equipment that Bazel gives a test as data.

`equipment()` in defs.bzl sets the variables SMOKE_*, each a list of paths.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from release.gate.smoke.environment import Requirements
from release.gate.smoke.equipment import Emulation, Interpreter, parse_emulation
from release.gate.smoke.errors import NotRunError

_LOCK = re.compile(r"(?P<platform>\w+)-cp(?P<major>\d)(?P<minor>\d+)\.txt")
_NOT_PROVIDED = "none was provided"
_NO_EMULATOR = "no emulator was provided"


@dataclass(frozen=True, slots=True)
class ProvidedEquipment:
    """Equipment that a test declares; each missing part has a reason."""

    uv: Path
    """The installer."""
    interpreters: Mapping[str, Interpreter] = field(default_factory=dict)
    """By minor version."""
    missing_interpreters: Mapping[str, str] = field(default_factory=dict)
    """Why another minor version is missing."""
    locks: Mapping[tuple[str, str], Path] | None = None
    """The locks of what wheels may require, by platform and Python; None: they require nothing."""
    directories: tuple[Path, ...] = ()
    """The directories of the locked wheels."""
    emulator: Emulation | None = None
    """The emulator for aarch64 Linux programs."""
    no_emulator: str = _NO_EMULATOR
    """Why it is missing."""
    root: Path | None = None
    """A clean root file system for containers."""
    no_root: str = _NOT_PROVIDED
    """Why it is missing."""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> ProvidedEquipment:
        """The equipment that the variables SMOKE_* name.

        Raises:
          KeyError: SMOKE_UV is not set: the program was not started by Bazel.
        """
        interpreters = [_read(path) for path in paths(environ, "SMOKE_INTERPRETERS")]
        emulator: dict[str, Any] = {}
        for path in paths(environ, "SMOKE_EMULATION"):
            emulator = _read(path)
        root: dict[str, Any] = {}
        for path in paths(environ, "SMOKE_ROOTFS"):
            root = _read(path)
        return cls(
            uv=installer(environ),
            interpreters={
                one["version"]: Interpreter(one["version"], one["release"], Path(one["executable"]))
                for one in interpreters
                if one["executable"]
            },
            missing_interpreters={
                one["version"]: one["reason"] for one in interpreters if not one["executable"]
            },
            locks=locks(paths(environ, "SMOKE_LOCKS")) if "SMOKE_LOCKS" in environ else None,
            directories=tuple(
                dict.fromkeys(path.parent for path in paths(environ, "SMOKE_DEPENDENCIES"))
            ),
            emulator=parse_emulation(emulator) if "qemu" in emulator else None,
            no_emulator=emulator.get("reason", _NO_EMULATOR),
            root=Path(root["path"]) if root.get("path") else None,
            no_root=root.get("reason", _NOT_PROVIDED),
        )

    def interpreter(self, version: str) -> Interpreter:
        """Implements `Equipment`."""
        if version not in self.interpreters:
            reason = self.missing_interpreters.get(version, _NOT_PROVIDED)
            raise NotRunError(f"Python {version} is not available ({reason})")
        return self.interpreters[version]

    def requirements(self, platform: str, python: str) -> Requirements:
        """Implements `Equipment`."""
        if self.locks is None:
            return Requirements()
        return Requirements(lock_of(self.locks, platform, python), self.directories)

    def emulation(self) -> Emulation:
        """Implements `Equipment`."""
        if self.emulator is None:
            raise NotRunError(self.no_emulator)
        return self.emulator

    def root_file_system(self) -> Path:
        """Implements `Equipment`."""
        if self.root is None:
            raise NotRunError(self.no_root)
        return self.root


def installer(environ: Mapping[str, str]) -> Path:
    """The installer that SMOKE_UV names.

    Raises:
      KeyError: it is not set: the program was not started by Bazel.
    """
    return Path(environ["SMOKE_UV"]).absolute()


def locks(paths: Iterable[Path]) -> dict[tuple[str, str], Path]:
    """Locks by platform and Python, which their names PLATFORM-cpXY.txt have."""
    return {
        (named["platform"], f"{named['major']}.{named['minor']}"): path
        for path in paths
        if (named := _LOCK.fullmatch(path.name))
    }


def lock_of(locks: Mapping[tuple[str, str], Path], platform: str, python: str) -> Path:
    """The lock for a platform and a Python.

    Raises:
      NotRunError: there is none.
    """
    lock = locks.get((platform, python))
    if lock is None:
        raise NotRunError(f"no dependency lock covers Python {python} on {platform}")
    return lock


def paths(environ: Mapping[str, str], variable: str) -> list[Path]:
    """The paths in a variable, absolute since programs run in other directories."""
    return [Path(path).absolute() for path in environ.get(variable, "").split()]


def _read(path: Path) -> Any:
    return json.loads(path.read_bytes())
