"""The outcomes of a platform on which nothing is run."""

from __future__ import annotations

from collections.abc import Iterator

from release.gate.smoke.runnable import RunnableRelease
from release.gate.smoke.smoke_test import SmokeTest
from release.model.outcome import Outcome
from release.model.plan import Platform


def skip_platform(release: RunnableRelease, platform: Platform, reason: str) -> Iterator[Outcome]:
    """The outcomes "not run" of a platform's tools and dist, with half a sentence as the reason."""
    wheels, dists = release.planned_wheels(platform.name), release.planned_dists(platform.name)
    yield SmokeTest(platform.name, "tools", None, "none", wheels).not_run(reason)
    if dists:
        yield SmokeTest(platform.name, "dist", None, "none", dists).not_run(reason)
