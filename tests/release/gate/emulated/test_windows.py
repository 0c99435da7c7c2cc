"""The Windows tools and dist run under wine with correct results."""

from __future__ import annotations

import pytest

from release.gate.smoke.provided import ProvidedEquipment
from release.gate.smoke.runnable import RunnableRelease
from release.gate.smoke.windows import smoke_test_windows
from release.model.outcome import Outcome
from tests.release.gate.emulated.release import built, passed_files, require_an_engine, scratch

NAME = "windows_x86_64"


@pytest.fixture(scope="module")
def release() -> RunnableRelease:
    """The built release."""
    return built()


@pytest.fixture(scope="module")
def outcomes(release: RunnableRelease) -> list[Outcome]:
    """All smoke tests of the platform, run once: they share one wine prefix."""
    equipment = ProvidedEquipment.from_environment()
    with scratch() as directory:
        outcomes = [*smoke_test_windows(release, equipment, release.plan.platform(NAME), directory)]
    require_an_engine(outcomes)
    return outcomes


def test_native_tools_of_the_wheels_run(release: RunnableRelease, outcomes: list[Outcome]) -> None:
    """Catches: a DLL that is not found, a missing tool, a linker that does not start."""
    newest = release.planned_tools(NAME, release.pythons(NAME)[-1])
    assert passed_files(outcomes, "tools") == {*newest.values()}


def test_dist_runs(release: RunnableRelease, outcomes: list[Outcome]) -> None:
    """Catches: a dist whose tools lack their DLL or their linker after unpacking."""
    planned = {dist.archive for dist in release.plan.dists if dist.platform == NAME}
    assert passed_files(outcomes, "dist") == planned


def test_every_python_is_reported_as_not_run(
    release: RunnableRelease, outcomes: list[Outcome]
) -> None:
    """Catches: extension modules that nothing loaded, reported as smoke-tested."""
    statuses = {one.python: one.status for one in outcomes if one.kind == "python"}
    assert statuses == dict.fromkeys(release.pythons(NAME), "not run")
