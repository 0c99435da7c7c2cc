"""The Windows tools and dist run under wine, with NumPy's numbers."""

from __future__ import annotations

import pytest

from release.gate.smoke.candidate import TestableRelease
from release.gate.smoke.emulated import try_windows
from release.gate.smoke.provided import ProvidedEquipment
from release.model.outcome import Outcome
from tests.release.gate.emulated.release import built, require_an_engine, scratch, used

NAME = "windows_x86_64"


@pytest.fixture(scope="module")
def candidate() -> TestableRelease:
    """The built release."""
    return built()


@pytest.fixture(scope="module")
def outcomes(candidate: TestableRelease) -> list[Outcome]:
    """All trials of the platform, made once: they share one Windows."""
    equipment = ProvidedEquipment.from_environment()
    with scratch() as directory:
        made = [*try_windows(candidate, equipment, candidate.plan.platform(NAME), directory)]
    require_an_engine(made)
    return made


def test_native_tools_of_the_wheels_run(
    candidate: TestableRelease, outcomes: list[Outcome]
) -> None:
    """Catches: a DLL that is not found, a tool that is missing, a linker that does not start."""
    newest = candidate.planned(NAME, candidate.pythons(NAME)[-1], pure=False)
    assert used(outcomes, "tools") == {*newest.values()}


def test_dist_runs(candidate: TestableRelease, outcomes: list[Outcome]) -> None:
    """Catches: a dist whose tools miss their DLL or their linker once it is unpacked."""
    planned = {dist.archive for dist in candidate.plan.dists if dist.platform == NAME}
    assert used(outcomes, "dist") == planned


def test_that_no_python_ran_is_told_of_each(
    candidate: TestableRelease, outcomes: list[Outcome]
) -> None:
    """Catches: extension modules that nothing loaded, taken for tried."""
    told = {trial.python: trial.status for trial in outcomes if trial.kind == "python"}
    assert told == dict.fromkeys(candidate.pythons(NAME), "not run")
