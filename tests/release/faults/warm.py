"""What each victim is a fork of: a process in which the commands have run once already.

The fork server imports this before anything else. What a command loads late (its templates, what
parses its arguments) is then loaded once, and not again by each victim.
"""

from __future__ import annotations

import contextlib
import gc
import io
import tempfile
from pathlib import Path

# `multiprocessing` runs the main program of a test again in each of its processes.
import tests.pytest_main  # noqa: F401
from release.cli import index, promote, publish, purge, tag  # noqa: F401
from release.hosting import (
    github_source,  # noqa: F401
    github_store,  # noqa: F401
)
from release.registry import registry  # noqa: F401
from tests.release.faults import victim  # noqa: F401
from tests.release.publish.samples import make_release, write_verdicts


def _warm_up(scratch: Path) -> None:
    """Publishes a release to a store, and makes the store's index."""
    made = make_release(scratch / "release")
    verdicts = write_verdicts(made, scratch / "verdicts")
    store = ["--store", f"directory:{scratch / 'store'}"]
    given = ["--from", str(made), "--verdicts", str(verdicts), "--commit", "c" * 40]
    publish.app([*store, *given], standalone_mode=False)
    index.app([*store, "--date", "2026-11-25"], standalone_mode=False)


with (
    tempfile.TemporaryDirectory() as _scratch,
    contextlib.redirect_stdout(io.StringIO()),
    contextlib.redirect_stderr(io.StringIO()),
):
    _warm_up(Path(_scratch))
# What is there now is nothing that a victim collects, and its pages stay shared.
gc.collect()
gc.freeze()
