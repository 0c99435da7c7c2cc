"""The trials that this machine can make by itself: of wheels and dist of its own platform."""

from __future__ import annotations

import platform as machine
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from release.gate.smoke.attempt import Attempt
from release.gate.smoke.candidate import NotRunError, TestableRelease, own_platform
from release.gate.smoke.dists import try_planned_dist
from release.gate.smoke.equipment import Equipment
from release.gate.smoke.wheels import WheelTest, try_native, try_pure
from release.model.outcome import Outcome

_ABSENT = "all its wheels are missing, or were found wrong already"


def try_locally(
    candidate: TestableRelease, equipment: Equipment, scratch: Path
) -> Iterator[Outcome]:
    """Tries wheels and dist of this machine's own platform, one after the other.

    Args:
      candidate: the files that were found sound.
      equipment: Pythons, installer, and the wheels of others.
      scratch: a directory that has room for half a gigabyte, at a path without spaces.

    Yields:
      An outcome for each Python, for each pure wheel with each Python, and for the dist; nothing
      where the plan does not have this machine's platform.
    """
    platform = own_platform(candidate.plan.platforms)
    if platform is None:
        return
    for python in candidate.pythons(platform):
        yield from try_python(candidate, equipment, platform, python, scratch)
    yield try_own_dist(candidate, platform, scratch)


def try_python(
    candidate: TestableRelease, equipment: Equipment, platform: str, python: str, scratch: Path
) -> Iterator[Outcome]:
    """Tries all wheels that serve one Python of this machine's own platform.

    Yields:
      An outcome for the native wheels together, and one for each pure wheel.
    """
    native = tuple(candidate.planned(platform, python, pure=False).values())
    pure = tuple(candidate.planned(platform, python, pure=True).values())
    planned = Attempt(platform, "python", python, f"CPython {python}", native)
    if not any(name in candidate.files for name in (*native, *pure)):
        # Then no Python needs to be fetched for them.
        yield replace(planned, files=native + pure).not_run(_ABSENT)
        return
    try:
        interpreter = equipment.interpreter(python)
    except NotRunError as error:
        yield replace(planned, files=native + pure).not_run(str(error))
        return
    subject = WheelTest(
        version=candidate.plan.version,
        platform=platform,
        python=python,
        release=interpreter.release,
        interpreter=interpreter.executable,
        uv=equipment.uv,
    )
    try:
        wheels = candidate.native_wheels(platform, python)
        requirements = equipment.requirements(platform, python)
    except NotRunError as error:
        yield planned.not_run(str(error))
    else:
        yield try_native(subject, wheels, requirements, scratch)
    for wheel in candidate.pure_wheels(platform, python):
        yield try_pure(subject, wheel, scratch)


def try_own_dist(candidate: TestableRelease, platform: str, scratch: Path) -> Outcome:
    """Tries the dist of this machine's own platform."""
    engine = f"{machine.system()} {machine.release()}"
    return try_planned_dist(candidate, candidate.plan.platform(platform), scratch, engine=engine)
