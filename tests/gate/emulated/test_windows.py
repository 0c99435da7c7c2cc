"""The Windows tools and dist run under wine, with NumPy's numbers."""

from __future__ import annotations

from release.gate.trial.emulated import try_windows
from release.gate.trial.equipment import Equipment
from tests.gate.emulated.release import built, hold, scratch

NAME = "windows_x86_64"


def test_tools_and_dist_run() -> None:
    """Catches: a DLL that is not found, a tool that is missing, a linker that does not start."""
    candidate = built()
    equipment = Equipment.from_environment()
    with scratch() as folder:
        outcomes = [*try_windows(candidate, equipment, candidate.plan.platform(NAME), folder)]
    hold(outcomes)
    statuses = {(outcome.kind, outcome.python): outcome.status for outcome in outcomes}
    assert statuses["tools", None] == statuses["dist", None] == "passed"
    assert {statuses["python", python] for python in candidate.pythons(NAME)} == {"not run"}
