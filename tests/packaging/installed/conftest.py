"""What the tests of a target are about, and one environment for all that only look at it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from release.gate.smoke.candidate import TestableRelease
from release.gate.smoke.environment import Environment, ExactWheel, Requirements
from release.gate.smoke.provided import ProvidedEquipment
from release.gate.smoke.wheels import WheelTest
from release.model import manifest, plan

PLATFORM = os.environ["INSTALLED_PLATFORM"]


@pytest.fixture(scope="session")
def equipment() -> ProvidedEquipment:
    """What the macro handed over."""
    return ProvidedEquipment.from_environment()


@pytest.fixture(scope="session")
def wheelhouse() -> Path:
    """The directory of all built wheels."""
    return Path(os.environ["INSTALLED_WHEELHOUSE"]).absolute()


@pytest.fixture(scope="session")
def candidate(wheelhouse: Path) -> TestableRelease:
    """All built wheels, with the digests that the manifest states."""
    (stated,) = (
        path
        for path in map(Path, os.environ["INSTALLED_MANIFEST"].split())
        if path.name == "manifest.json"
    )
    artifacts = manifest.read(stated).artifacts
    return TestableRelease(
        plan=plan.read(Path(os.environ["INSTALLED_PLAN"])),
        files={path.name: path for path in wheelhouse.iterdir()},
        digests={name: artifact.sha256 for name, artifact in artifacts.items()},
    )


@pytest.fixture(scope="session")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A directory for environments, emptied at the end: each takes half a gigabyte."""
    directory = tmp_path_factory.mktemp("environments")
    yield directory
    shutil.rmtree(directory)


@pytest.fixture(scope="session")
def subject(candidate: TestableRelease, equipment: ProvidedEquipment) -> WheelTest:
    """The Python of the target, and the release it is tried with."""
    (interpreter,) = equipment.interpreters.values()
    return WheelTest(
        version=candidate.plan.version,
        platform=PLATFORM,
        python=interpreter.version,
        release=interpreter.release,
        interpreter=interpreter.executable,
        uv=equipment.uv,
    )


@pytest.fixture(scope="session")
def wheels(candidate: TestableRelease, subject: WheelTest) -> Sequence[ExactWheel]:
    """iree-compiler and iree-runtime, as the plan says they must serve this Python."""
    return candidate.native_wheels(PLATFORM, subject.python)


@pytest.fixture(scope="session")
def requirements(equipment: ProvidedEquipment, subject: WheelTest) -> Requirements:
    """What they may require."""
    return equipment.requirements(PLATFORM, subject.python)


@pytest.fixture(scope="session")
def environment(
    subject: WheelTest, wheels: Sequence[ExactWheel], requirements: Requirements, scratch: Path
) -> Environment:
    """An environment that holds the wheels and what they declare; a test leaves it as it was."""
    created = subject.environment(scratch)
    created.install(wheels, requirements).expect()
    return created
