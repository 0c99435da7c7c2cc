"""What smoke tests need besides the release: Pythons, an installer, and the wheels of others.

`given.py` has what Bazel gives a test as data; `on_demand.py` fetches things when they are needed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from release.gate.smoke.environment import Requirements


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python of this machine."""

    version: str
    """Minor version, such as 3.14."""
    release: str
    """Such as 3.14.8."""
    executable: Path


@dataclass(frozen=True, slots=True)
class EmulatedPython:
    """A Python of the emulated machine."""

    executable: Path
    root: Path
    """The directory that is the root of its file system."""


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


class Equipment(Protocol):
    """What smoke tests need besides the release; each part is asked for when it is needed.

    Where a part cannot be had, its method raises UnfitError. Methods may be called from any thread.
    """

    @property
    def uv(self) -> Path:
        """The installer."""

    def interpreter(self, version: str) -> Interpreter:
        """A Python of this machine, by its minor version, such as 3.14.

        Raises:
          UnfitError: this machine has none.
        """

    def requirements(self, platform: str, python: str) -> Requirements:
        """What our wheels may ask for on a platform and a Python.

        Raises:
          UnfitError: it is not known, or cannot be fetched.
        """

    def emulation(self) -> Emulation:
        """What runs aarch64 Linux programs on another machine.

        Raises:
          UnfitError: it cannot be had.
        """

    def root_file_system(self) -> Path:
        """A directory with a clean root file system for containers.

        Raises:
          UnfitError: it cannot be had.
        """


def parse_emulation(data: Mapping[str, object]) -> Emulation:
    """The emulator as `toolchains/emulation/bootstrap.py` describes it."""
    pythons, missing = data["pythons"], data["missing"]
    assert isinstance(pythons, Mapping)
    assert isinstance(missing, Mapping)
    return Emulation(
        qemu=Path(str(data["qemu"])),
        version=str(data["version"]),
        root=Path(str(data["root"])),
        pythons={
            version: EmulatedPython(Path(python["executable"]), Path(python["root"]))
            for version, python in pythons.items()
        },
        missing=missing,
    )
