"""The aarch64 wheels and dist run under qemu with correct results, on every available Python."""

from __future__ import annotations

import os
import platform

import pytest

from release.gate.smoke.aarch64 import smoke_test_aarch64
from release.gate.smoke.provided import ProvidedEquipment
from release.gate.smoke.runnable import RunnableRelease
from release.model.outcome import Outcome
from tests.release.gate.emulated.release import (
    built,
    lone_files,
    passed_files,
    require_an_engine,
    scratch,
)

NAME = "linux_aarch64"
PYTHONS = tuple(os.environ["PYTHONS"].split())


@pytest.fixture(scope="module")
def release() -> RunnableRelease:
    """The built release."""
    return built()


@pytest.fixture(scope="module")
def equipment() -> ProvidedEquipment:
    """The equipment of the test target."""
    return ProvidedEquipment.from_environment()


@pytest.fixture(scope="module")
def outcomes(release: RunnableRelease, equipment: ProvidedEquipment) -> list[Outcome]:
    """All smoke tests of the platform, run once: they share installed and compiled files."""
    if platform.machine() == "aarch64":
        pytest.skip("not run: tests/packaging/installed runs them on this machine, unemulated")
    with scratch() as directory:
        outcomes = [*smoke_test_aarch64(release, equipment, release.plan.platform(NAME), directory)]
    require_an_engine(outcomes)
    return outcomes


def test_every_python_of_the_plan_is_covered(release: RunnableRelease) -> None:
    """Catches: a Python that is released and never smoke-tested."""
    assert release.pythons(NAME) == PYTHONS


@pytest.mark.parametrize("python", PYTHONS)
def test_wheels_run_on_a_python(
    python: str, release: RunnableRelease, equipment: ProvidedEquipment, outcomes: list[Outcome]
) -> None:
    """Catches: an extension module for another processor or Python; a linker not found."""
    missing = equipment.emulation().missing
    if python in missing:
        pytest.skip(f"not run: {missing[python]}")
    together, alone = (release.planned(NAME, python, alone=alone) for alone in (False, True))
    assert passed_files(outcomes, "python", python) == {*together.values()}
    assert lone_files(outcomes, python) == {*alone.values()}


def test_native_tools_of_the_wheels_run(release: RunnableRelease, outcomes: list[Outcome]) -> None:
    """Catches: a tool for a newer processor, or without a required library."""
    newest = release.planned_tools(NAME, PYTHONS[-1])
    assert passed_files(outcomes, "tools") == {*newest.values()}


def test_dist_runs(release: RunnableRelease, outcomes: list[Outcome]) -> None:
    """Catches: a dist whose tools lack their library or their linker after unpacking."""
    planned = {dist.archive for dist in release.plan.dists if dist.platform == NAME}
    assert passed_files(outcomes, "dist") == planned
