"""The aarch64 wheels and dist run under qemu, with the right numbers, on every Python there is."""

from __future__ import annotations

import platform

import pytest

from release.gate.trial.emulated import try_aarch64
from release.gate.trial.equipment import Equipment
from tests.gate.emulated.release import built, hold, scratch

NAME = "linux_aarch64"


def test_wheels_and_dist_run() -> None:
    """Catches: code for another processor or for a newer one; a library or a linker not found."""
    if platform.machine() == "aarch64":
        pytest.skip("not run: this machine needs no emulation, tests/installed runs them")
    candidate, equipment = built(), Equipment.from_environment()
    with scratch() as folder:
        outcomes = [*try_aarch64(candidate, equipment, candidate.plan.platform(NAME), folder)]
    hold(outcomes)
    pythons = candidate.pythons(NAME)
    statuses = {(o.kind, o.python, o.files[0].split("-")[0]): o.status for o in outcomes}
    emulated = equipment.emulation
    assert emulated is not None
    for python in pythons:
        expected = "passed" if python in emulated.pythons else "not run"
        assert statuses["python", python, "iree_compiler"] == expected
        assert statuses["python", python, "iree_tools_tf"] == expected
    assert statuses["tools", None, "iree_compiler"] == "passed"
    assert statuses["dist", None, "iree"] == "passed"
    # 3.12 is in no suite of Debian, and the abi3 wheel is run on later ones.
    assert set(pythons) - set(emulated.pythons) <= {"3.12"}
