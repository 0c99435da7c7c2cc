"""The gate's answer: a verdict on each cell of the plan, and all that led to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Literal

from release.model.finding import Finding
from release.model.outcome import Outcome, Status

SCHEMA = 1
"""The schema of verdicts.json."""

State = Literal["right", "missing", "wrong"]


@dataclass(frozen=True, slots=True)
class Size:
    """How large a file is, and was in the last release."""

    file: str
    size: int
    """Bytes."""
    previous: int | None
    """Bytes of its counterpart in the last release; None where there is none."""

    @property
    def growth(self) -> float | None:
        """The size as a multiple of the previous one."""
        return self.size / self.previous if self.previous else None


@dataclass(frozen=True, slots=True)
class CellVerdict:
    """What the gate says of one cell: a package, or the dist, on a platform and a Python."""

    package: str | None
    """The distribution; None for the dist archive."""
    platform: str
    python: str | None
    """None for the dist archive."""
    required: bool
    file: str
    """The file that the plan names."""
    state: State
    """right; missing, where that is tolerated; wrong."""
    why: tuple[str, ...] = ()
    """What is wrong with it, a sentence each."""
    since: date | None = None
    """The first day of the releases in a row that miss it."""
    run: Status = "not run"
    """Whether it was used, on which platform and Python so ever this cell speaks of."""
    run_detail: str = ""
    """What was done, what went wrong, or why it was not run."""

    @property
    def name(self) -> str:
        """PACKAGE PLATFORM PYTHON, in words for a person."""
        return " ".join(filter(None, (self.package or "dist", self.platform, self.python)))


@dataclass(frozen=True, slots=True)
class Verdicts:
    """The gate's answer to a release."""

    version: str
    day: date
    """The day of the examination, UTC."""
    cells: tuple[CellVerdict, ...]
    """One for each cell and each dist of the plan, in its order."""
    findings: tuple[Finding, ...]
    outcomes: tuple[Outcome, ...]
    sizes: tuple[Size, ...]

    @property
    def faults(self) -> tuple[Finding, ...]:
        """The findings for which the release is refused."""
        return tuple(finding for finding in self.findings if finding.fault)

    @property
    def notes(self) -> tuple[Finding, ...]:
        """The findings that are only told."""
        return tuple(finding for finding in self.findings if not finding.fault)

    @property
    def right(self) -> bool:
        """Whether the release may go out."""
        return not self.faults and all(cell.state != "wrong" for cell in self.cells)

    def to_json(self) -> dict[str, Any]:
        """The content of verdicts.json."""
        return {
            "schema": SCHEMA,
            "version": self.version,
            "day": self.day.isoformat(),
            "right": self.right,
            "cells": [_cell(cell) for cell in self.cells],
            "findings": [asdict(finding) for finding in self.findings],
            "outcomes": [asdict(outcome) for outcome in self.outcomes],
            "sizes": [asdict(size) | {"growth": size.growth} for size in self.sizes],
        }

    def into_manifest(self, manifest: Mapping[str, Any]) -> dict[str, Any]:
        """The manifest of what was examined, with the verdicts in it.

        Files that are not there leave it; cells and dists get `status`, `missing_since`, `run` and
        `why`.

        Args:
          manifest: content of manifest.json, as the build wrote it.
        """
        present = {size.file for size in self.sizes}
        artifacts = [a for a in manifest["artifacts"] if a["filename"] in present]
        packages = [cell for cell in self.cells if cell.package]
        dists = [cell for cell in self.cells if not cell.package]
        return {
            **manifest,
            "examined": self.day.isoformat(),
            "artifacts": artifacts,
            "cells": [
                {"package": c.package, "python": c.python, "wheel": c.file, **_status(c)}
                for c in packages
            ],
            "dists": [{"archive": c.file, **_status(c)} for c in dists],
            "notes": [asdict(finding) for finding in self.notes],
        }


def summary(cells: Iterable[CellVerdict]) -> dict[State, int]:
    """How many cells are in each state."""
    counts: dict[State, int] = {"right": 0, "missing": 0, "wrong": 0}
    for cell in cells:
        counts[cell.state] += 1
    return counts


def _status(cell: CellVerdict) -> dict[str, Any]:
    return {
        "platform": cell.platform,
        "required": cell.required,
        "status": "built" if cell.state == "right" else cell.state,
        "missing_since": cell.since.isoformat() if cell.since else None,
        "run": cell.run,
        "run_detail": cell.run_detail,
        "why": list(cell.why),
    }


def _cell(cell: CellVerdict) -> dict[str, Any]:
    return asdict(cell) | {"since": cell.since.isoformat() if cell.since else None}
