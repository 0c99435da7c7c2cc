"""Preloads the fork server: each command is a fork of a process in which commands have run before.

The fork server imports this module first. What a command loads late, such as templates and its
argument parser, is then loaded once instead of in each process.
"""

from __future__ import annotations

import contextlib
import gc
import io
import os
import tempfile
from pathlib import Path

# `multiprocessing` imports the main program of a test again in each of its processes.
import tests.pytest_main  # noqa: F401
from release.cli import index, promote, publish, purge, push, tag  # noqa: F401
from release.hosting import (
    github_source,  # noqa: F401
    github_store,  # noqa: F401
)
from release.registry import registry  # noqa: F401
from tests.release.faults import killable  # noqa: F401
from tests.release.products import declare
from tests.release.publish.samples import make_release, sample_product, write_verdicts


def _warm_up(scratch: Path) -> None:
    """Publishes a release to a store, and writes the store's index."""
    release = make_release(scratch / "release")
    verdicts = write_verdicts(release, scratch / "verdicts")
    store = ["--store", f"directory:{scratch / 'store'}"]
    arguments = ["--from", str(release), "--verdicts", str(verdicts), "--commit", "c" * 40]
    publish.app([*store, *arguments], standalone_mode=False)
    os.environ["PRODUCTS"] = declare(scratch / "products", sample_product())
    index.app([*store, "--date", "2026-11-25"], standalone_mode=False)
    del os.environ["PRODUCTS"]


with (
    tempfile.TemporaryDirectory() as _scratch,
    contextlib.redirect_stdout(io.StringIO()),
    contextlib.redirect_stderr(io.StringIO()),
):
    _warm_up(Path(_scratch))
# Keep the garbage collector off the objects that exist now, so that forks share their pages.
gc.collect()
gc.freeze()
