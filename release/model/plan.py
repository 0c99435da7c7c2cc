"""plan.json: what a release consists of, before anything is built."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from release.model import document
from release.model.product import Package, Product
from release.model.record import FormError, Record

SCHEMA = 2
"""The schema that this program reads and writes; 1 did not have the product."""

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

    schema: int = field(default=SCHEMA, kw_only=True, metadata={"schema": SCHEMA})
    product: Product
    version: str
    """The version of everything, in canonical form (PEP 440)."""
    platforms: tuple[Platform, ...]
    cells: tuple[Cell, ...]
    dists: tuple[PlannedDist, ...]

    @property
    def packages(self) -> tuple[Package, ...]:
        """The packages of the product."""
        return self.product.packages

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


def _parse(data: Mapping[str, Any]) -> Plan:
    """The plan of a JSON object, if its parts fit together.

    Raises:
      FormError: it is malformed, or its parts contradict each other.
    """
    if isinstance(data, dict) and "schema" not in data and "packages" in data:
        raise FormError("an older version wrote it; build the release again")
    plan = Plan.from_json(data)
    if problems := [*_contradictions(plan), *_invalid_patterns(plan.product)]:
        raise FormError(problems[0])
    return plan


def _contradictions(plan: Plan) -> Iterator[str]:
    """What does not fit the product or the platforms, a sentence each."""
    packages = {package.name for package in plan.packages}
    platforms = {platform.name for platform in plan.platforms}
    for index, cell in enumerate(plan.cells):
        if cell.package not in packages:
            yield f"cells[{index}].package is {cell.package}, which the product does not have"
    places = {f"cells[{index}]": cell.platform for index, cell in enumerate(plan.cells)}
    places |= {f"dists[{index}]": dist.platform for index, dist in enumerate(plan.dists)}
    for where, platform in places.items():
        if platform not in platforms:
            yield f"{where}.platform is {platform}, which platforms does not list"
    if plan.dists and plan.product.dist is None:
        yield "dists lists archives, but the product has none"
    for name in plan.product.dist.packages if plan.product.dist else ():
        if name not in packages:
            yield f"product.dist.packages lists {name}, which the product does not have"


def _invalid_patterns(product: Product) -> Iterator[str]:
    """What is not a valid regular expression, a sentence each."""
    patterns = {
        f"product.packages[{i}].programs[{j}].prints": (program.prints, 0)
        for i, package in enumerate(product.packages)
        for j, program in enumerate(package.programs)
    }
    for i, file in enumerate(product.dist.versions if product.dist else ()):
        patterns[f"product.dist.versions[{i}].pattern"] = (file.pattern, 1)
    for where, (pattern, groups) in patterns.items():
        try:
            found = re.compile(pattern).groups
        except re.error as error:
            yield f"{where} is not a regular expression ({error})"
        else:
            if found < groups:
                yield f"{where} has no group, which would be the version"
