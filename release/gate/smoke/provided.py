"""Equipment that exists already: what Bazel gives a test as data.

`equipment()` in defs.bzl names it in the variables TRIAL_*, each a list of paths.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from release.gate.smoke.candidate import NotRunError
from release.gate.smoke.environment import Requirements
from release.gate.smoke.equipment import Emulation, Interpreter, parse_emulation

_LOCK = re.compile(r"(?P<platform>\w+)-cp(?P<major>\d)(?P<minor>\d+)\.txt")
_NOT_GIVEN = "none was given"


@dataclass(frozen=True, slots=True)
class ProvidedEquipment:
    """Equipment as a test declares it; a part that is missing has a reason."""

    uv: Path
    """The installer."""
    interpreters: Mapping[str, Interpreter] = field(default_factory=dict)
    """By minor version."""
    no_interpreters: Mapping[str, str] = field(default_factory=dict)
    """Why there is no Python of another minor version."""
    locks: Mapping[tuple[str, str], Path] = field(default_factory=dict)
    """The lock of what our wheels require, by platform and Python."""
    directories: tuple[Path, ...] = ()
    """The directories of the wheels that the locks name."""
    emulated: Emulation | None = None
    """What runs aarch64 Linux programs elsewhere."""
    no_emulation: str = "no emulator was given"
    """Why it is missing."""
    root: Path | None = None
    """A clean root file system for containers."""
    no_root: str = _NOT_GIVEN
    """Why it is missing."""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> ProvidedEquipment:
        """What the variables TRIAL_* name.

        Raises:
          KeyError: TRIAL_UV is not set: the program was not started by Bazel.
        """
        interpreters = [_read(path) for path in paths(environ, "TRIAL_INTERPRETERS")]
        emulated: dict[str, Any] = {}
        for path in paths(environ, "TRIAL_EMULATION"):
            emulated = _read(path)
        clean: dict[str, Any] = {}
        for path in paths(environ, "TRIAL_ROOTFS"):
            clean = _read(path)
        return cls(
            uv=installer(environ),
            interpreters={
                one["version"]: Interpreter(one["version"], one["release"], Path(one["executable"]))
                for one in interpreters
                if one["executable"]
            },
            no_interpreters={
                one["version"]: one["reason"] for one in interpreters if not one["executable"]
            },
            locks=locks(environ),
            directories=tuple(
                dict.fromkeys(path.parent for path in paths(environ, "TRIAL_DEPENDENCIES"))
            ),
            emulated=parse_emulation(emulated) if "qemu" in emulated else None,
            no_emulation=emulated.get("reason", "no emulator was given"),
            root=Path(clean["path"]) if clean.get("path") else None,
            no_root=clean.get("reason", _NOT_GIVEN),
        )

    def interpreter(self, version: str) -> Interpreter:
        """As `Equipment` says."""
        if version not in self.interpreters:
            why = self.no_interpreters.get(version, _NOT_GIVEN)
            raise NotRunError(f"there is no Python {version} here ({why})")
        return self.interpreters[version]

    def requirements(self, platform: str, python: str) -> Requirements:
        """As `Equipment` says."""
        return Requirements(lock_of(self.locks, platform, python), self.directories)

    def emulation(self) -> Emulation:
        """As `Equipment` says."""
        if self.emulated is None:
            raise NotRunError(self.no_emulation)
        return self.emulated

    def root_file_system(self) -> Path:
        """As `Equipment` says."""
        if self.root is None:
            raise NotRunError(self.no_root)
        return self.root


def installer(environ: Mapping[str, str]) -> Path:
    """The installer that TRIAL_UV names.

    Raises:
      KeyError: it is not set: the program was not started by Bazel.
    """
    return Path(environ["TRIAL_UV"]).absolute()


def locks(environ: Mapping[str, str]) -> dict[tuple[str, str], Path]:
    """The locks that TRIAL_LOCKS names, by platform and Python."""
    return {
        (named["platform"], f"{named['major']}.{named['minor']}"): path
        for path in paths(environ, "TRIAL_LOCKS")
        if (named := _LOCK.fullmatch(path.name))
    }


def lock_of(locks: Mapping[tuple[str, str], Path], platform: str, python: str) -> Path:
    """The lock for a platform and a Python.

    Raises:
      NotRunError: no lock is given for them.
    """
    lock = locks.get((platform, python))
    if lock is None:
        raise NotRunError(
            f"no lock says what the wheels require on {platform} with Python {python}"
        )
    return lock


def paths(environ: Mapping[str, str], variable: str) -> list[Path]:
    """The paths in a variable, absolute: an environment's programs run in other directories."""
    return [Path(path).absolute() for path in environ.get(variable, "").split()]


def _read(path: Path) -> Any:
    return json.loads(path.read_bytes())
