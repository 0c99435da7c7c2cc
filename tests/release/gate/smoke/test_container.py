"""In a clean container without network, the built wheels install, run and compute."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from release.gate.smoke.candidate import NotRunError, TestableRelease
from release.gate.smoke.clean_machine import CleanMachine
from release.gate.smoke.container import LABEL, try_container
from release.gate.smoke.provided import ProvidedEquipment
from release.model import manifest, plan
from tests.release.gate.smoke.engine import private_engine

# A gate of its own, to be killed.
_GATE = """
import pathlib, sys
from release.gate.smoke.clean_machine import CleanMachine
from release.gate.smoke.container import try_container
from release.gate.smoke.given import Given
from tests.release.gate.smoke.test_container import built
equipment = Given.from_environment()
clean = CleanMachine(root_file_system=equipment.root_file_system())
try_container(built(), equipment, clean, pathlib.Path(sys.argv[1]))
"""


@pytest.fixture(scope="module")
def engine() -> Iterator[Any]:
    with private_engine() as client:
        yield client


@pytest.fixture(scope="module")
def equipment() -> ProvidedEquipment:
    return ProvidedEquipment.from_environment()


@pytest.fixture(scope="module")
def clean(equipment: ProvidedEquipment) -> CleanMachine:
    try:
        return CleanMachine(root_file_system=equipment.root_file_system())
    except NotRunError as error:
        pytest.skip(f"not run: no root file system ({error})")


@pytest.fixture(scope="module")
def candidate() -> TestableRelease:
    return built()


def built() -> TestableRelease:
    """All built wheels, with the digests that the manifest states."""
    (stated,) = (
        path for path in map(Path, os.environ["MANIFEST"].split()) if path.name == "manifest.json"
    )
    artifacts = manifest.read(stated).artifacts
    return TestableRelease(
        plan=plan.read(Path(os.environ["PLAN"])),
        files={path.name: path for path in Path(os.environ["WHEELHOUSE"]).iterdir()},
        digests={name: artifact.sha256 for name, artifact in artifacts.items()},
    )


def left(engine: Any) -> list[Any]:
    """Containers and images that a trial left."""
    return [
        *engine.containers.list(all=True, filters={"label": LABEL}),
        *engine.images.list(filters={"label": LABEL}),
    ]


def test_the_wheels_work_on_a_clean_machine(
    engine: Any,
    candidate: TestableRelease,
    equipment: ProvidedEquipment,
    clean: CleanMachine,
    tmp_path: Path,
) -> None:
    """Catches: wheels that need what happens to be on the machine that built them.

    The root file system is ours, which is the default.
    """
    assert clean.root_file_system == equipment.root_file_system()
    outcome = try_container(candidate, equipment, CleanMachine(), tmp_path)
    assert (outcome.status, outcome.detail) == (
        "passed",
        "installed; 23 console scripts answer; 18 compiled models compute rightly",
    )
    assert outcome.python in candidate.pythons("linux_x86_64")
    assert outcome.engine.startswith(f"CPython {outcome.python}.")
    assert "Debian" in outcome.engine
    assert len(outcome.files) == 2
    assert left(engine) == []


def test_other_bytes_than_stated_fail(
    engine: Any,
    candidate: TestableRelease,
    equipment: ProvidedEquipment,
    clean: CleanMachine,
    tmp_path: Path,
) -> None:
    """Catches: digests that are not held in the container; a fault there that counts as none."""
    false = dataclasses.replace(candidate, digests=dict.fromkeys(candidate.digests, "0" * 64))
    outcome = try_container(false, equipment, clean, tmp_path)
    assert outcome.status == "failed"
    assert outcome.detail.startswith("installing: uv exits with 1: ")
    assert "Hash mismatch" in outcome.detail
    assert left(engine) == []


def test_a_trial_that_does_not_end_is_ended(
    engine: Any,
    candidate: TestableRelease,
    equipment: ProvidedEquipment,
    clean: CleanMachine,
    tmp_path: Path,
) -> None:
    """Catches: a gate that waits for a container for ever, or leaves it running."""
    outcome = try_container(candidate, equipment, clean, tmp_path, limit=0.5)
    assert (outcome.status, outcome.detail) == (
        "failed",
        "the container does not end within 0.5 s",
    )
    assert left(engine) == []


def test_a_root_without_python_is_not_run(
    engine: Any, candidate: TestableRelease, equipment: ProvidedEquipment, tmp_path: Path
) -> None:
    """Catches: a useless image that is taken for a fault of the wheels."""
    root = tmp_path / "root"
    (root / "etc").mkdir(parents=True)
    outcome = try_container(candidate, equipment, CleanMachine(root_file_system=root), tmp_path)
    assert outcome.status == "not run"
    assert outcome.detail.startswith("the image has no python3 that runs (")
    assert left(engine) == []


def test_an_image_that_cannot_be_had_is_not_run(
    engine: Any, candidate: TestableRelease, equipment: ProvidedEquipment, tmp_path: Path
) -> None:
    """Catches: an exception of the SDK in place of an outcome."""
    image = "localhost:1/nobody/has-this:1"
    outcome = try_container(candidate, equipment, CleanMachine(image=image), tmp_path)
    assert outcome.status == "not run"
    assert outcome.detail.startswith(f"the image {image} cannot be had (")


def test_a_terminated_gate_leaves_nothing(engine: Any, clean: CleanMachine, tmp_path: Path) -> None:
    """Catches: containers that pile up when runs are cancelled."""
    gate = subprocess.Popen(
        [sys.executable, "-B", "-c", _GATE, tmp_path],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    deadline = time.monotonic() + 60
    while not engine.containers.list(filters={"label": LABEL}) and time.monotonic() < deadline:
        assert gate.poll() is None
        time.sleep(0.1)
    gate.send_signal(signal.SIGTERM)
    assert gate.wait(60) == 128 + signal.SIGTERM
    assert left(engine) == []


def test_what_a_killed_gate_left_is_taken_away_by_the_next(
    engine: Any,
    candidate: TestableRelease,
    equipment: ProvidedEquipment,
    clean: CleanMachine,
    tmp_path: Path,
) -> None:
    """Catches: leftovers of a gate that had no time to clean up."""
    ended = subprocess.Popen(["true"])
    ended.wait()
    host = os.uname().nodename
    for process in (ended.pid, os.getpid()):
        engine.api.import_image_from_data(
            b"\0" * 1024,
            repository="left",
            tag=str(process),
            changes=[f"LABEL {LABEL}={host}:{process}"],
        )
    try_container(candidate, equipment, CleanMachine(image="localhost:1/absent"), tmp_path)
    assert [image.tags for image in left(engine)] == [[f"left:{os.getpid()}"]]
    engine.images.remove(f"left:{os.getpid()}")
