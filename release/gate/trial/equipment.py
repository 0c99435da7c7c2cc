"""What trials need besides the release: Pythons, an installer, and the wheels of others.

`//release/gate/trial:defs.bzl` hands it over in environment variables, each a list of paths.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from release.gate.trial.candidate import UnfitError
from release.gate.trial.environment import Requirements

_LOCK = re.compile(r"(?P<platform>\w+)-cp(?P<major>\d)(?P<minor>\d+)\.txt")


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python of this machine, or the reason why there is none."""

    version: str
    """Minor version, such as 3.14."""
    release: str | None
    """Such as 3.14.8."""
    executable: Path | None
    reason: str | None
    """Why there is none."""


@dataclass(frozen=True, slots=True)
class EmulatedPython:
    """A Python of the emulated machine."""

    executable: Path
    root: Path
    """The folder that is the root of its file system."""


@dataclass(frozen=True, slots=True)
class Emulation:
    """qemu for the programs of aarch64 Linux, and what they find there."""

    qemu: Path
    version: str
    """qemu's own."""
    root: Path
    """A file system with the C and C++ libraries."""
    pythons: Mapping[str, EmulatedPython]
    """By minor version."""
    missing: Mapping[str, str]
    """Why there is no Python of another version."""


@dataclass(frozen=True, slots=True)
class Equipment:
    """All that trials need besides the release."""

    uv: Path
    """The installer."""
    interpreters: Mapping[str, Interpreter]
    """By minor version."""
    locks: Mapping[tuple[str, str], Path]
    """The lock of what our wheels require, by platform and Python."""
    folders: tuple[Path, ...]
    """Where the wheels lie that the locks name."""
    emulation: Emulation | None = None
    """What runs aarch64 Linux programs elsewhere."""
    no_emulation: str = "nobody handed over an emulator"
    """Why there is none."""
    root_file_system: Path | None = None
    """A clean one for containers."""
    no_root_file_system: str | None = None
    """Why there is none."""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> Equipment:
        """What the variables TRIAL_* name; defs.bzl sets them.

        Raises:
          KeyError: TRIAL_UV is not there: the program was not started by Bazel.
        """
        interpreters = [_interpreter(path) for path in _paths(environ, "TRIAL_INTERPRETERS")]
        emulated: dict[str, Any] = {}
        for path in _paths(environ, "TRIAL_EMULATION"):
            emulated = json.loads(path.read_bytes())
        clean: dict[str, Any] = {}
        for path in _paths(environ, "TRIAL_ROOTFS"):
            clean = json.loads(path.read_bytes())
        return cls(
            uv=Path(environ["TRIAL_UV"]).absolute(),
            interpreters={interpreter.version: interpreter for interpreter in interpreters},
            locks={
                (named["platform"], f"{named['major']}.{named['minor']}"): path
                for path in _paths(environ, "TRIAL_LOCKS")
                if (named := _LOCK.fullmatch(path.name))
            },
            folders=tuple(
                dict.fromkeys(path.parent for path in _paths(environ, "TRIAL_DEPENDENCIES"))
            ),
            emulation=_emulation(emulated) if "qemu" in emulated else None,
            no_emulation=emulated.get("reason", "nobody handed over an emulator"),
            root_file_system=Path(clean["path"]) if clean.get("path") else None,
            no_root_file_system=clean.get("reason"),
        )

    def requirements(self, platform: str, python: str) -> Requirements:
        """What our wheels may ask for on a platform and a Python.

        Raises:
          UnfitError: it is not known.
        """
        lock = self.locks.get((platform, python))
        if lock is None:
            raise UnfitError(
                f"no lock says what the wheels require on {platform} with Python {python}"
            )
        return Requirements(lock, self.folders)


def _interpreter(path: Path) -> Interpreter:
    data = json.loads(path.read_bytes())
    executable = data["executable"]
    return Interpreter(
        version=data["version"],
        release=data["release"],
        executable=Path(executable) if executable else None,
        reason=data["reason"],
    )


def _emulation(data: Mapping[str, Any]) -> Emulation:
    return Emulation(
        qemu=Path(data["qemu"]),
        version=data["version"],
        root=Path(data["root"]),
        pythons={
            version: EmulatedPython(Path(python["executable"]), Path(python["root"]))
            for version, python in data["pythons"].items()
        },
        missing=data["missing"],
    )


def _paths(environ: Mapping[str, str], variable: str) -> list[Path]:
    # Absolute, because programs of an environment run in folders of their own.
    return [Path(path).absolute() for path in environ.get(variable, "").split()]
