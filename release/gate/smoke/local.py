"""Smoke tests of the wheels and the dist for this machine's own platform."""

from __future__ import annotations

import platform as machine
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from release.gate.smoke.dists import smoke_test_planned_dist
from release.gate.smoke.equipment import Equipment
from release.gate.smoke.errors import NotRunError
from release.gate.smoke.host import host_platform
from release.gate.smoke.runnable import RunnableRelease
from release.gate.smoke.smoke_test import SmokeTest
from release.gate.smoke.wheels import WheelTest, smoke_test_native, smoke_test_pure
from release.model.outcome import Outcome

_ABSENT = "all of its wheels are missing or failed inspection"


def smoke_test_locally(
    release: RunnableRelease, equipment: Equipment, scratch: Path
) -> Iterator[Outcome]:
    """Smoke-tests the wheels and the dist of this machine's platform, one after the other.

    Args:
      release: the files that passed inspection.
      equipment: Pythons, installer, and third-party wheels.
      scratch: a directory with room for half a gigabyte, at a path without spaces.

    Yields:
      An outcome for each Python, for each pure wheel with each Python, and for the dist; nothing
      where the plan lacks this machine's platform.
    """
    platform = host_platform(release.plan.platforms)
    if platform is None:
        return
    for python in release.pythons(platform):
        yield from smoke_test_python(release, equipment, platform, python, scratch)
    yield smoke_test_local_dist(release, platform, scratch)


def smoke_test_python(
    release: RunnableRelease, equipment: Equipment, platform: str, python: str, scratch: Path
) -> Iterator[Outcome]:
    """Smoke-tests all wheels for one Python of this machine's platform.

    Yields:
      An outcome for the native wheels together, and one for each pure wheel.
    """
    native = tuple(release.planned(platform, python, pure=False).values())
    pure = tuple(release.planned(platform, python, pure=True).values())
    test = SmokeTest(platform, "python", python, f"CPython {python}", native)
    if not any(name in release.files for name in (*native, *pure)):
        # Checked first, so that no Python is fetched in vain.
        yield replace(test, files=native + pure).not_run(_ABSENT)
        return
    try:
        interpreter = equipment.interpreter(python)
    except NotRunError as error:
        yield replace(test, files=native + pure).not_run(str(error))
        return
    wheel_test = WheelTest(
        version=release.plan.version,
        platform=platform,
        python=python,
        full_version=interpreter.full_version,
        interpreter=interpreter.executable,
        uv=equipment.uv,
    )
    try:
        wheels = release.native_wheels(platform, python)
        requirements = equipment.requirements(platform, python)
    except NotRunError as error:
        yield test.not_run(str(error))
    else:
        yield smoke_test_native(wheel_test, wheels, requirements, scratch)
    for wheel in release.pure_wheels(platform, python):
        yield smoke_test_pure(wheel_test, wheel, scratch)


def smoke_test_local_dist(release: RunnableRelease, platform: str, scratch: Path) -> Outcome:
    """Smoke-tests the dist of this machine's platform."""
    engine = f"{machine.system()} {machine.release()}"
    return smoke_test_planned_dist(release, release.plan.platform(platform), scratch, engine=engine)
