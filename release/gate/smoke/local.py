"""Smoke tests of the wheels and the dist for this machine's own platform."""

from __future__ import annotations

import platform as machine
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from release.gate.smoke.dists import smoke_test_planned_dist
from release.gate.smoke.equipment import Equipment
from release.gate.smoke.errors import NotRunError
from release.gate.smoke.host import host_platform
from release.gate.smoke.runnable import RunnableRelease
from release.gate.smoke.shared import SharedDirectories
from release.gate.smoke.smoke_test import SmokeTest
from release.gate.smoke.wheels import (
    Install,
    InstallAlone,
    WheelTest,
    install_file_alone,
    install_files,
    smoke_test_alone,
    smoke_test_wheels,
)
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
      An outcome for each Python, for each wheel that is installed alone with each Python, and for
      the dist; nothing where the plan lacks this machine's platform.
    """
    platform = host_platform(release.plan.platforms)
    if platform is None:
        return
    with tempfile.TemporaryDirectory(dir=scratch, ignore_cleanup_errors=True) as directory:
        shared = SharedDirectories(Path(directory))
        for python in release.pythons(platform):
            yield from smoke_test_python(release, equipment, platform, python, scratch, shared)
    if release.planned_dists(platform):
        yield smoke_test_local_dist(release, platform, scratch)


def smoke_test_python(
    release: RunnableRelease,
    equipment: Equipment,
    platform: str,
    python: str,
    scratch: Path,
    shared: SharedDirectories | None = None,
    install: Install = install_files,
    install_alone: InstallAlone = install_file_alone,
) -> Iterator[Outcome]:
    """Smoke-tests all wheels for one Python of this machine's platform.

    Args:
      release: the files that passed inspection.
      equipment: Pythons, installer, and third-party wheels.
      platform: name of the platform.
      python: minor version.
      scratch: as for `smoke_test_locally`.
      shared: what smoke tests of the same wheels on other Pythons share.
      install: installs the wheels that are installed together.
      install_alone: installs each other wheel.

    Yields:
      An outcome for the wheels that are installed together, and one for each other wheel.
    """
    together = tuple(release.planned(platform, python, alone=False).values())
    alone = tuple(release.planned(platform, python, alone=True).values())
    test = SmokeTest(platform, "python", python, f"CPython {python}", together)
    if not any(name in release.files for name in (*together, *alone)):
        # Checked first, so that no Python is fetched in vain.
        yield replace(test, files=together + alone).not_run(_ABSENT)
        return
    try:
        interpreter = equipment.interpreter(python)
    except NotRunError as error:
        yield replace(test, files=together + alone).not_run(str(error))
        return
    wheel_test = WheelTest(
        product=release.plan.product,
        version=release.plan.version,
        platform=release.plan.platform(platform),
        python=python,
        full_version=interpreter.full_version,
        interpreter=interpreter.executable,
        uv=equipment.uv,
    )
    if together:
        try:
            program = release.smoke_program()
            wheels = release.wheels(platform, python)
            requirements = equipment.requirements(platform, python)
        except NotRunError as error:
            yield test.not_run(str(error))
        else:
            yield smoke_test_wheels(
                replace(wheel_test, program=program),
                wheels,
                requirements,
                scratch,
                shared.of(wheels) if shared else None,
                install,
            )
    for wheel in release.lone_wheels(platform, python):
        yield smoke_test_alone(wheel_test, wheel, scratch, install_alone)


def smoke_test_local_dist(release: RunnableRelease, platform: str, scratch: Path) -> Outcome:
    """Smoke-tests the dist of this machine's platform."""
    engine = f"{machine.system()} {machine.release()}"
    return smoke_test_planned_dist(release, release.plan.platform(platform), scratch, engine=engine)
