"""The built release for smoke tests, and checks of their outcomes."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from release.gate.smoke.runnable import RunnableRelease
from release.model import manifest, plan
from release.model.outcome import Outcome


def built() -> RunnableRelease:
    """All built files; other tests inspect them."""
    directories = (Path(os.environ["WHEELHOUSE"]), Path(os.environ["DISTS"]))
    document = next(Path(p) for p in os.environ["MANIFEST"].split() if p.endswith(".json"))
    artifacts = manifest.read(document).artifacts
    return RunnableRelease(
        plan=plan.read(Path(os.environ["PLAN"])),
        files={
            path.name: path.resolve() for directory in directories for path in directory.iterdir()
        },
        digests={name: artifact.sha256 for name, artifact in artifacts.items()},
    )


@contextmanager
def scratch() -> Iterator[Path]:
    """Yields a temporary directory."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as directory:
        yield Path(directory)


def require_an_engine(outcomes: Sequence[Outcome]) -> None:
    """Skips the test, with the reason, where nothing could be run."""
    if all(outcome.status == "not run" for outcome in outcomes):
        pytest.skip(f"not run: {outcomes[0].detail}")


def passed_files(outcomes: Sequence[Outcome], kind: str, python: str | None = None) -> set[str]:
    """The files of the outcomes of a kind, which must all have passed."""
    selected = [outcome for outcome in outcomes if (outcome.kind, outcome.python) == (kind, python)]
    others = [f"{one.status}: {one.detail}" for one in selected if one.status != "passed"]
    assert not others, "\n".join(others)
    return {file for outcome in selected for file in outcome.files}
