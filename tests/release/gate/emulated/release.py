"""The built release for smoke tests, and checks of their outcomes."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from release.gate.smoke.runnable import RunnableRelease
from release.model import manifest, plan, products
from release.model.outcome import Outcome


def built() -> RunnableRelease:
    """All built files; other tests inspect them."""
    directories = (Path(os.environ["WHEELHOUSE"]), Path(os.environ["DISTS"]))
    document = next(Path(p) for p in os.environ["MANIFEST"].split() if p.endswith(".json"))
    artifacts = manifest.read(document).artifacts
    planned = plan.read(Path(os.environ["PLAN"]))
    return RunnableRelease(
        plan=planned,
        files={
            path.name: path.resolve() for directory in directories for path in directory.iterdir()
        },
        digests={name: artifact.sha256 for name, artifact in artifacts.items()},
        declared=products.named(planned.product.name),
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
    """The files of the outcomes of a kind that passed; the others must be installed alone."""
    selected = [outcome for outcome in outcomes if (outcome.kind, outcome.python) == (kind, python)]
    others = [
        f"{one.status}: {one.detail}"
        for one in selected
        if one.status != "passed" and not _is_installed_alone(one)
    ]
    assert not others, "\n".join(others)
    return {file for outcome in selected if outcome.status == "passed" for file in outcome.files}


def lone_files(outcomes: Sequence[Outcome], python: str) -> set[str]:
    """The files that were installed alone for a Python."""
    selected = [one for one in outcomes if one.python == python and _is_installed_alone(one)]
    return {file for outcome in selected for file in outcome.files}


def _is_installed_alone(outcome: Outcome) -> bool:
    return outcome.status == "installed" and outcome.detail.startswith("installed alone; ")
