"""The states of a cell: whether its file may be released, and whether that file was run."""

from __future__ import annotations

from enum import StrEnum


class CellState(StrEnum):
    """Whether the file of a cell exists and is valid."""

    BUILT = "built"
    """It exists; after the gate examined it, it is also valid. verdicts.json says `right`."""
    MISSING = "missing"
    """It does not exist, which is tolerated."""
    WRONG = "wrong"
    """It is invalid, or a required file that does not exist."""


class RunState(StrEnum):
    """How running a file ended."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_RUN = "not run"
    INSTALLED = "installed"
    """Installed, but not tested: the product has no smoke program, or declares the package as
    `alone`."""
