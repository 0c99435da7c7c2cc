"""The built release as a candidate for trials, and what became of it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from release.gate.smoke.candidate import TestableRelease
from release.model import manifest, plan
from release.model.outcome import Outcome


def built() -> TestableRelease:
    """All files that were built; that they are sound is shown elsewhere."""
    directories = (Path(os.environ["WHEELHOUSE"]), Path(os.environ["DISTS"]))
    stated = next(Path(p) for p in os.environ["MANIFEST"].split() if p.endswith(".json"))
    artifacts = manifest.read(stated).artifacts
    return TestableRelease(
        plan=plan.read(Path(os.environ["PLAN"])),
        files={
            path.name: path.resolve() for directory in directories for path in directory.iterdir()
        },
        digests={name: artifact.sha256 for name, artifact in artifacts.items()},
    )


@contextmanager
def scratch() -> Iterator[Path]:
    """A directory that goes away, whatever is left in it."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as directory:
        yield Path(directory)


def require_an_engine(outcomes: Sequence[Outcome]) -> None:
    """Skips where nothing at all could be run, with the reason."""
    if all(outcome.status == "not run" for outcome in outcomes):
        pytest.skip(f"not run: {outcomes[0].detail}")


def used(outcomes: Sequence[Outcome], kind: str, python: str | None = None) -> set[str]:
    """The files that trials of a kind passed with; fails where one did not pass."""
    made = [outcome for outcome in outcomes if (outcome.kind, outcome.python) == (kind, python)]
    unpassed = [f"{trial.status}: {trial.detail}" for trial in made if trial.status != "passed"]
    assert not unpassed, "\n".join(unpassed)
    return {file for trial in made for file in trial.files}
