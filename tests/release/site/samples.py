"""Stores with releases, for tests of the index."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from rich.console import Console

from release.hosting.directory_store import DirectoryStore
from release.model import document, release_dir
from release.model.state import RunState
from release.publish import judgement, publisher
from release.publish.publication import Publication
from release.publish.published_manifest import BuildRecord
from tests.release.products import SETTINGS
from tests.release.publish.samples import (
    NATIVE,
    WINDOWS,
    make_release,
    sample_product,
    verdicts_of,
)

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
COMMIT = "c" * 40
PRODUCT = sample_product()


def publish(
    store: DirectoryStore,
    scratch: Path,
    version: str,
    *,
    missing: bool = False,
    days: int = 0,
    native: Sequence[str] = NATIVE,
    run: RunState = RunState.PASSED,
) -> str:
    """Publishes a small release with a date `days` ago, and returns its tag.

    The cells that passed their smoke tests get the state `run`.
    """
    unbuilt_platforms = [WINDOWS] if missing else []
    place = make_release(scratch / version, version, missing=unbuilt_platforms, native=native)
    release = release_dir.read(place)
    tag = f"candidate-{version}" if version.startswith("2026") else f"v{version}"
    verdicts = verdicts_of(place, day=date(2026, 11, 20))
    cells = tuple(
        one.changed(run=run) if one.run is RunState.PASSED else one for one in verdicts.cells
    )
    verdicts = replace(verdicts, cells=cells)
    unbuilt = {WINDOWS: "its payload cannot be fetched"} if missing else {}
    publisher.publish(
        store,
        Publication(
            release=release,
            judgement=judgement.of(verdicts, release),
            build=BuildRecord(COMMIT, unbuilt=unbuilt),
            tag=tag,
        ),
        SETTINGS.publish,
        Console(file=io.StringIO()),
    )
    path = store.root / "releases" / tag / "release.json"
    record = document.read(path, "release", dict)
    then = (NOW - timedelta(days=days)).isoformat()
    path.write_bytes(document.dumps({**record, "created": then, "published": then}))
    return tag


def store_of(scratch: Path, *versions: str) -> DirectoryStore:
    """A store with small releases on consecutive days, the last published today."""
    store = DirectoryStore(scratch / "store")
    for number, version in enumerate(versions):
        publish(store, scratch, version, days=len(versions) - 1 - number)
    return store
