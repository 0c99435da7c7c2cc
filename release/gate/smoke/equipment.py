"""What smoke tests need besides the release: Pythons, an installer, and third-party wheels.

`provided.py` has what Bazel gives a test as data; `on_demand.py` fetches each part when needed.
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
    full_version: str
    """Such as 3.14.8."""
    executable: Path


@dataclass(frozen=True, slots=True)
class EmulatedPython:
    """A Python of the emulated machine."""

    executable: Path
    root: Path
    """The root directory of its file system."""


@dataclass(frozen=True, slots=True)
class Emulation:
    """qemu for aarch64 Linux programs, and the file systems that they see."""

    qemu: Path
    version: str
    """The version of qemu."""
    root: Path
    """A file system with the C and C++ libraries."""
    pythons: Mapping[str, EmulatedPython]
    """By minor version."""
    missing: Mapping[str, str]
    """Why another minor version is missing."""


class Equipment(Protocol):
    """What smoke tests need besides the release; each part is requested when it is needed.

    A method raises NotRunError where its part is unavailable. Any thread may call any method.
    """

    @property
    def uv(self) -> Path:
        """The installer."""

    def interpreter(self, version: str) -> Interpreter:
        """A Python of this machine, by its minor version, such as 3.14.

        Raises:
          NotRunError: this machine has none.
        """

    def requirements(self, platform: str, python: str) -> Requirements:
        """The wheels of other projects that a release's may require on a platform and a Python.

        Raises:
          NotRunError: no lock covers them, or a wheel cannot be fetched.
        """

    def emulation(self) -> Emulation:
        """An emulator for aarch64 Linux programs.

        Raises:
          NotRunError: it is unavailable.
        """

    def root_file_system(self) -> Path:
        """A directory with a clean root file system for containers.

        Raises:
          NotRunError: it is unavailable.
        """


def parse_emulation(data: Mapping[str, object]) -> Emulation:
    """Reads the description that `toolchains/emulation/bootstrap.py` writes."""
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
