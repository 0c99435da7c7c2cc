"""Smoke tests of Windows wheels and dists under wine."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from release.gate.smoke.dists import smoke_test_planned_dist
from release.gate.smoke.equipment import Equipment
from release.gate.smoke.errors import NotRunError
from release.gate.smoke.runnable import RunnableRelease
from release.gate.smoke.runner import EMULATED_TIMEOUT
from release.gate.smoke.skip import skip_platform
from release.gate.smoke.smoke_test import SmokeTest
from release.gate.smoke.wheel_tools import smoke_test_wheel_tools
from release.gate.smoke.wine import start_wine
from release.model.outcome import Outcome
from release.model.plan import Platform


def smoke_test_windows(
    release: RunnableRelease, equipment: Equipment, platform: Platform, scratch: Path
) -> Iterator[Outcome]:
    """Runs the wheels' tools and the dist under wine; a Python for Windows is not available."""
    with ExitStack() as stack:
        try:
            wine, engine = stack.enter_context(start_wine(scratch))
        except NotRunError as error:
            yield from skip_platform(release, platform, str(error))
            return
        pythons = release.pythons(platform.name)
        for python in pythons:
            names = tuple(release.planned(platform.name, python, alone=False).values())
            names += tuple(release.planned(platform.name, python, alone=True).values())
            test = SmokeTest(platform.name, "python", python, engine, names)
            yield test.not_run("CPython for Windows is not available; only native tools are run")
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=scratch)))
        if pythons and release.planned_tools(platform.name, pythons[-1]):
            yield smoke_test_wheel_tools(
                release,
                equipment,
                platform,
                pythons[-1],
                directory,
                runner=wine,
                engine=engine,
                launchers=True,
            )
        if release.planned_dists(platform.name):
            yield smoke_test_planned_dist(
                release, platform, directory, engine=engine, runner=wine, timeout=EMULATED_TIMEOUT
            )
