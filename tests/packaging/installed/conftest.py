"""Fixtures: the wheels and the Python of a test target, and an environment with both."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from release.gate.smoke.environment import Environment, PinnedWheel, Requirements
from release.gate.smoke.provided import ProvidedEquipment
from release.gate.smoke.runnable import RunnableRelease
from release.gate.smoke.wheels import WheelTest
from release.model import manifest, plan, products

PLATFORM = os.environ["INSTALLED_PLATFORM"]


@pytest.fixture(scope="session")
def equipment() -> ProvidedEquipment:
    """The equipment of the test target."""
    return ProvidedEquipment.from_environment()


@pytest.fixture(scope="session")
def wheelhouse() -> Path:
    """The directory of all built wheels."""
    return Path(os.environ["INSTALLED_WHEELHOUSE"]).absolute()


@pytest.fixture(scope="session")
def release(wheelhouse: Path) -> RunnableRelease:
    """All built wheels, with the digests of the manifest."""
    (document,) = (
        path
        for path in map(Path, os.environ["INSTALLED_MANIFEST"].split())
        if path.name == "manifest.json"
    )
    artifacts = manifest.read(document).artifacts
    planned = plan.read(Path(os.environ["INSTALLED_PLAN"]))
    return RunnableRelease(
        plan=planned,
        files={path.name: path for path in wheelhouse.iterdir()},
        digests={name: artifact.sha256 for name, artifact in artifacts.items()},
        declared=products.named(planned.product.name),
    )


@pytest.fixture(scope="session")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A directory for environments, which take half a gigabyte each; it is removed at the end."""
    directory = tmp_path_factory.mktemp("environments")
    yield directory
    shutil.rmtree(directory)


@pytest.fixture(scope="session")
def wheel_test(release: RunnableRelease, equipment: ProvidedEquipment) -> WheelTest:
    """The smoke test of the release on the Python of the target."""
    (interpreter,) = equipment.interpreters.values()
    return WheelTest(
        product=release.plan.product,
        version=release.plan.version,
        platform=release.plan.platform(PLATFORM),
        python=interpreter.version,
        full_version=interpreter.full_version,
        interpreter=interpreter.executable,
        uv=equipment.uv,
        program=release.smoke_program(),
    )


@pytest.fixture(scope="session")
def wheels(release: RunnableRelease, wheel_test: WheelTest) -> Sequence[PinnedWheel]:
    """The wheels of iree-compiler and iree-runtime that the plan has for this Python."""
    return release.wheels(PLATFORM, wheel_test.python)


@pytest.fixture(scope="session")
def requirements(equipment: ProvidedEquipment, wheel_test: WheelTest) -> Requirements:
    """What they may require."""
    return equipment.requirements(PLATFORM, wheel_test.python)


@pytest.fixture(scope="session")
def environment(
    wheel_test: WheelTest, wheels: Sequence[PinnedWheel], requirements: Requirements, scratch: Path
) -> Environment:
    """An environment with the wheels and their requirements; tests leave it unchanged."""
    created = wheel_test.environment(scratch)
    created.install(wheels, requirements).expect()
    return created
