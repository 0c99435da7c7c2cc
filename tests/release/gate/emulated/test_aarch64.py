"""The aarch64 wheels and dist run under qemu, with the right numbers, on every Python there is."""

from __future__ import annotations

import os
import platform

import pytest

from release.gate.smoke.candidate import TestableRelease
from release.gate.smoke.emulated import try_aarch64
from release.gate.smoke.provided import ProvidedEquipment
from release.model.outcome import Outcome
from tests.release.gate.emulated.release import built, require_an_engine, scratch, used

NAME = "linux_aarch64"
PYTHONS = tuple(os.environ["PYTHONS"].split())


@pytest.fixture(scope="module")
def candidate() -> TestableRelease:
    """The built release."""
    return built()


@pytest.fixture(scope="module")
def equipment() -> ProvidedEquipment:
    """What the target was handed."""
    return ProvidedEquipment.from_environment()


@pytest.fixture(scope="module")
def outcomes(candidate: TestableRelease, equipment: ProvidedEquipment) -> list[Outcome]:
    """All trials of the platform, made once: they share what they install and compile."""
    if platform.machine() == "aarch64":
        pytest.skip("not run: this machine needs no emulation, tests/packaging/installed runs them")
    with scratch() as directory:
        made = [*try_aarch64(candidate, equipment, candidate.plan.platform(NAME), directory)]
    require_an_engine(made)
    return made


def test_every_python_of_the_plan_is_asked_for(candidate: TestableRelease) -> None:
    """Catches: a Python that is released and never tried."""
    assert candidate.pythons(NAME) == PYTHONS


@pytest.mark.parametrize("python", PYTHONS)
def test_wheels_run_on_a_python(
    python: str, candidate: TestableRelease, equipment: ProvidedEquipment, outcomes: list[Outcome]
) -> None:
    """Catches: an extension module for another processor or Python; a linker not found."""
    missing = equipment.emulation().missing
    if python in missing:
        pytest.skip(f"not run: {missing[python]}")
    native, pure = (candidate.planned(NAME, python, pure=pure) for pure in (False, True))
    assert used(outcomes, "python", python) == {*native.values(), *pure.values()}


def test_native_tools_of_the_wheels_run(
    candidate: TestableRelease, outcomes: list[Outcome]
) -> None:
    """Catches: a tool for a newer processor, or without a library that it needs."""
    newest = candidate.planned(NAME, PYTHONS[-1], pure=False)
    assert used(outcomes, "tools") == {*newest.values()}


def test_dist_runs(candidate: TestableRelease, outcomes: list[Outcome]) -> None:
    """Catches: a dist whose tools miss their library or their linker once it is unpacked."""
    planned = {dist.archive for dist in candidate.plan.dists if dist.platform == NAME}
    assert used(outcomes, "dist") == planned
