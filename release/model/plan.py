"""The plan: what a release consists of, before anything is built."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from release.model import document


@dataclass(frozen=True, slots=True)
class Platform:
    """A platform of the release; platforms/defs.bzl says what the fields mean."""

    name: str
    os: str
    cpu: str
    libc: str | None
    minimum_os: str | None
    wheel_tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Package:
    """A distribution of the release."""

    name: str
    """As on the registry."""
    roots: tuple[str, ...]
    """The directories, relative to site-packages, that its wheels may put files into."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A package for a platform and a Python."""

    package: str
    """Name of the distribution."""
    platform: str
    """Name of the platform."""
    python: str
    """Python version, such as 3.12."""
    required: bool
    """Whether a release without it is refused; it is tolerated otherwise."""
    wheel: str
    """File name of the wheel that must serve the cell; one wheel may serve several."""


@dataclass(frozen=True, slots=True)
class PlannedDist:
    """The dist archive of a platform."""

    platform: str
    """Name of the platform."""
    required: bool
    """Whether a release without it is refused."""
    archive: str
    """File name of the archive."""


@dataclass(frozen=True, slots=True)
class Plan:
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
          LookupError: the plan has none.
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


def read(path: Path) -> Plan:
    """Reads plan.json.

    Raises:
      document.DocumentError: it is not there, or not a plan.
    """
    return document.read(path, "plan", _parse)


def loads(text: bytes, where: str) -> Plan:
    """Reads a plan from memory.

    Args:
      text: content of plan.json.
      where: where it comes from, for messages.

    Raises:
      document.DocumentError: it is not a plan.
    """
    return document.loads(text, where, "plan", _parse)


def parse_platform(data: Mapping[str, Any]) -> Platform:
    """A platform as it stands in a document."""
    return Platform(**{**data, "wheel_tags": tuple(data["wheel_tags"])})


def _parse(data: Mapping[str, Any]) -> Plan:
    return Plan(
        version=data["version"],
        platforms=tuple(parse_platform(platform) for platform in data["platforms"]),
        packages=tuple(
            Package(package["name"], tuple(package["roots"])) for package in data["packages"]
        ),
        cells=tuple(Cell(**cell) for cell in data["cells"]),
        dists=tuple(PlannedDist(**dist) for dist in data["dists"]),
    )
