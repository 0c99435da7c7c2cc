"""The cells of a manifest, and how notes and pages arrange them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from release.model.plan import Cell, Place, PlannedDist
from release.model.record import Record
from release.model.state import CellState, RunState
from release.model.verdicts import CellVerdict

_EXAMINED_KEYS = (
    "platform",
    "required",
    "status",
    "missing_since",
    "run",
    "run_detail",
    "why",
)
"""What an examined cell or dist has, in the order in which it is written."""


@dataclass(frozen=True, slots=True)
class CellStatus(Record):
    """A cell of the plan, and whether the release has it."""

    package: str | None
    """None for a dist."""
    platform: str
    python: str | None
    """None for a dist."""
    required: bool
    status: CellState
    file: str = field(metadata={"key": "wheel"})
    missing_since: date | None = None
    """The first day of the consecutive releases without it."""
    run: RunState = RunState.NOT_RUN
    run_detail: str = ""
    why: tuple[str, ...] = ()
    """Why it is missing or wrong, a sentence each."""

    @property
    def place(self) -> Place:
        """Package, platform, Python."""
        return (self.package, self.platform, self.python)

    @property
    def name(self) -> str:
        """PACKAGE PLATFORM PYTHON, for messages."""
        return " ".join(filter(None, (self.package or "dist", self.platform, self.python)))

    @classmethod
    def of_verdict(cls, verdict: CellVerdict, extra: Mapping[str, Any]) -> CellStatus:
        """An examined cell.

        Args:
          verdict: the gate's, on a package.
          extra: what its manifest has of it under unknown keys.
        """
        return CellStatus(
            package=verdict.package,
            platform=verdict.platform,
            python=verdict.python,
            required=verdict.required,
            status=verdict.state,
            file=verdict.file,
            missing_since=verdict.since,
            run=verdict.run,
            run_detail=verdict.run_detail,
            why=verdict.why,
            extra=extra,
            keys=("package", "python", "wheel", *_EXAMINED_KEYS),
        )

    @classmethod
    def of_plan(cls, cell: Cell, present: Set[str], extra: Mapping[str, Any]) -> CellStatus:
        """A cell as the build describes it.

        Args:
          cell: the cell of the plan.
          present: names of the files that exist.
          extra: as for `of_verdict`.
        """
        return CellStatus(
            package=cell.package,
            platform=cell.platform,
            python=cell.python,
            required=cell.required,
            status=CellState.BUILT if cell.wheel in present else CellState.MISSING,
            file=cell.wheel,
            extra={**cell.extra, **extra},
            keys=(*cell.to_json(), "status"),
        )


@dataclass(frozen=True, slots=True)
class DistStatus(CellStatus):
    """The dist of a platform, and whether the release has it."""

    package: str | None = field(default=None, init=False, metadata={"key": None})
    python: str | None = field(default=None, init=False, metadata={"key": None})
    file: str = field(metadata={"key": "archive"})

    @classmethod
    def of_verdict(cls, verdict: CellVerdict, extra: Mapping[str, Any]) -> DistStatus:
        """An examined dist; the arguments are those of a cell."""
        return DistStatus(
            platform=verdict.platform,
            required=verdict.required,
            status=verdict.state,
            file=verdict.file,
            missing_since=verdict.since,
            run=verdict.run,
            run_detail=verdict.run_detail,
            why=verdict.why,
            extra=extra,
            keys=("archive", *_EXAMINED_KEYS),
        )

    @classmethod
    def of_planned(
        cls, dist: PlannedDist, present: Set[str], extra: Mapping[str, Any]
    ) -> DistStatus:
        """A dist as the build describes it; the arguments are those of a cell."""
        return DistStatus(
            platform=dist.platform,
            required=dist.required,
            status=CellState.BUILT if dist.archive in present else CellState.MISSING,
            file=dist.archive,
            extra={**dist.extra, **extra},
            keys=(*dist.to_json(), "status"),
        )


@dataclass(frozen=True, slots=True)
class MissingPlatform:
    """What a release lacks on a platform."""

    platform: str
    names: tuple[str, ...]
    """Packages, and dist."""
    since: str
    """ISO 8601; empty if it is not known."""
    why: str
    """A sentence; empty if no reason was given."""


def platforms(cells: Sequence[CellStatus]) -> tuple[str, ...]:
    """The platforms, in the plan's order."""
    return tuple(dict.fromkeys(cell.platform for cell in cells))


def packages(cells: Sequence[CellStatus]) -> tuple[str | None, ...]:
    """The packages, in the plan's order; None stands for the dist."""
    return tuple(dict.fromkeys(cell.package for cell in cells))


def at(cells: Sequence[CellStatus], package: str | None, platform: str) -> tuple[CellStatus, ...]:
    """The cells of a package on a platform, one for each Python."""
    return tuple(cell for cell in cells if (cell.package, cell.platform) == (package, platform))


def missing(cells: Sequence[CellStatus]) -> tuple[MissingPlatform, ...]:
    """What is missing, by platform."""
    absent = [cell for cell in cells if cell.status is CellState.MISSING]
    found = []
    for platform in platforms(absent):
        own = [cell for cell in absent if cell.platform == platform]
        dates = [cell.missing_since for cell in own if cell.missing_since]
        found.append(
            MissingPlatform(
                platform=platform,
                names=tuple(package or "dist" for package in packages(own)),
                since=min(dates).isoformat() if dates else "",
                why=next((cell.why[0] for cell in own if cell.why), ""),
            )
        )
    return tuple(found)
