"""plan.json: what a release consists of, before anything is built."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from release.model import document
from release.model.record import Record

Place = tuple[str | None, str, str | None]
"""A cell: package, platform, Python. A dist has only a platform."""


@dataclass(frozen=True, slots=True)
class Platform(Record):
    """A platform of the release; platforms/defs.bzl documents the fields."""

    name: str
    os: str
    cpu: str
    libc: str | None
    minimum_os: str | None
    wheel_tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Package(Record):
    """A distribution of the release."""

    name: str
    """As on the registry."""
    roots: tuple[str, ...]
    """The directories, relative to site-packages, that its wheels may put files into."""


@dataclass(frozen=True, slots=True)
class Cell(Record):
    """A package for a platform and a Python."""

    package: str
    """Name of the distribution."""
    platform: str
    """Name of the platform."""
    python: str
    """Python version, such as 3.12."""
    required: bool
    """Whether a release without it is refused; otherwise its absence is tolerated."""
    wheel: str
    """File name of the wheel that serves the cell; a wheel may serve several cells."""

    @property
    def place(self) -> Place:
        """Package, platform, Python."""
        return (self.package, self.platform, self.python)


@dataclass(frozen=True, slots=True)
class PlannedDist(Record):
    """The dist archive of a platform."""

    platform: str
    """Name of the platform."""
    required: bool
    """Whether a release without it is refused; otherwise its absence is tolerated."""
    archive: str
    """File name of the archive."""

    @property
    def place(self) -> Place:
        """Its platform alone."""
        return (None, self.platform, None)


@dataclass(frozen=True, slots=True)
class Plan(Record):
    """What a release consists of."""

    version: str
    """The version of everything, in canonical form (PEP 440)."""
    platforms: tuple[Platform, ...]
    packages: tuple[Package, ...]
    cells: tuple[Cell, ...]
    dists: tuple[PlannedDist, ...]

    @property
    def wheels(self) -> frozenset[str]:
        """File names of all wheels."""
        return frozenset(cell.wheel for cell in self.cells)

    @property
    def archives(self) -> frozenset[str]:
        """File names of all dist archives."""
        return frozenset(dist.archive for dist in self.dists)

    def platform(self, name: str) -> Platform:
        """The platform of that name.

        Raises:
          LookupError: the plan has no such platform.
        """
        for platform in self.platforms:
            if platform.name == name:
                return platform
        raise LookupError(f"the plan has no platform {name}")

    def serving(self, package: str, platform: str, python: str) -> str:
        """File name of the wheel that must serve a cell.

        Raises:
          LookupError: the plan has no such cell.
        """
        for cell in self.cells:
            if (cell.package, cell.platform, cell.python) == (package, platform, python):
                return cell.wheel
        raise LookupError(f"the plan has no {package} for {platform} and Python {python}")

    def restamped(self, version: str, rename: Callable[[str], str]) -> Plan:
        """The plan at another version.

        Args:
          version: the version.
          rename: gives the name of a file at that version.
        """
        return self.changed(
            version=version,
            cells=tuple(cell.changed(wheel=rename(cell.wheel)) for cell in self.cells),
            dists=tuple(dist.changed(archive=rename(dist.archive)) for dist in self.dists),
        )


def read(path: Path) -> Plan:
    """Reads plan.json.

    Raises:
      document.DocumentError: the file cannot be read, or is not a plan.
    """
    return document.read(path, "plan", Plan.from_json)


def loads(text: bytes, where: str) -> Plan:
    """Reads a plan from memory.

    Args:
      text: content of plan.json.
      where: where it comes from, for messages.

    Raises:
      document.DocumentError: it is not a plan.
    """
    return document.loads(text, where, "plan", Plan.from_json)
