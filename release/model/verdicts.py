"""verdicts.json: the gate's verdict on each cell of the plan, and all that led to it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from release.model import document
from release.model.finding import Finding
from release.model.outcome import Outcome
from release.model.plan import Place
from release.model.record import Record
from release.model.state import CellState, RunState

SCHEMA = 1
"""The schema that this program reads and writes."""


@dataclass(frozen=True, slots=True)
class Size(Record):
    """The size of a file, and of its counterpart in the last release."""

    file: str
    size: int
    """Bytes."""
    previous: int | None
    """Bytes of its counterpart in the last release; None if it has no counterpart."""
    growth: float | None = field(init=False)
    """The size as a multiple of the previous one."""

    def __post_init__(self) -> None:
        growth = self.size / self.previous if self.previous else None
        object.__setattr__(self, "growth", growth)


@dataclass(frozen=True, slots=True)
class CellVerdict(Record):
    """The verdict on one cell: a package, or the dist, on a platform and a Python."""

    package: str | None
    """The distribution; None for the dist archive."""
    platform: str
    python: str | None
    """None for the dist archive."""
    required: bool
    file: str
    """The file that the plan names."""
    state: CellState = field(metadata={"spelling": {CellState.BUILT: "right"}})
    why: tuple[str, ...] = ()
    """What is wrong with it, a sentence each."""
    since: date | None = None
    """The first day of the consecutive releases without it."""
    run: RunState = RunState.NOT_RUN
    """Whether this cell's file was run."""
    run_detail: str = ""
    """What was done, what went wrong, or why it was not run."""

    @property
    def place(self) -> Place:
        """Package, platform, Python."""
        return (self.package, self.platform, self.python)

    @property
    def name(self) -> str:
        """PACKAGE PLATFORM PYTHON, for messages."""
        return " ".join(filter(None, (self.package or "dist", self.platform, self.python)))


@dataclass(frozen=True, slots=True)
class Verdicts(Record):
    """The gate's verdicts on a release."""

    schema: int = field(default=SCHEMA, kw_only=True, metadata={"schema": SCHEMA})
    version: str
    day: date
    """The day of the examination, UTC."""
    right: bool = field(init=False)
    """Whether the release may be published."""
    cells: tuple[CellVerdict, ...]
    """One for each cell and each dist of the plan, in its order."""
    findings: tuple[Finding, ...]
    outcomes: tuple[Outcome, ...]
    sizes: tuple[Size, ...]

    def __post_init__(self) -> None:
        wrong = any(cell.state is CellState.WRONG for cell in self.cells)
        object.__setattr__(self, "right", not self.faults and not wrong)

    @property
    def faults(self) -> tuple[Finding, ...]:
        """The findings for which the release is refused."""
        return tuple(finding for finding in self.findings if finding.fault)

    @property
    def notes(self) -> tuple[Finding, ...]:
        """The findings that are only reported."""
        return tuple(finding for finding in self.findings if not finding.fault)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the release must not be published, a sentence each; empty if it may be."""
        wrong = (
            f"{cell.name}: {cell.why[0] if cell.why else f'{cell.file} is missing'}"
            for cell in self.cells
            if cell.state is CellState.WRONG
        )
        return tuple(wrong) or tuple(map(str, self.faults))


def read(path: Path) -> Verdicts:
    """Reads verdicts.json.

    Raises:
      document.DocumentError: the file cannot be read, is malformed, or has another schema.
    """
    return document.read(path, "record of verdicts", Verdicts.from_json)


def summary(cells: Iterable[CellVerdict]) -> dict[CellState, int]:
    """The number of cells in each state."""
    counts = dict.fromkeys(CellState, 0)
    for cell in cells:
        counts[cell.state] += 1
    return counts
