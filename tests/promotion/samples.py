"""Small releases in a store, as the night leaves them."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from rich.console import Console

from release import folder, settings
from release.publishing import judgement, publisher
from release.publishing.publication import Publication
from release.publishing.statement import Provenance
from release.store.store import Store
from tests.publish.samples import verdicts_of

COMMIT = "c" * 40


def restamp_tool(script: Path) -> Path:
    """Makes `//packaging/assembly:restamp` a program that this Python runs, and returns it."""
    path = os.pathsep.join(sys.path)
    script.write_text(
        f'#!/bin/sh\nPYTHONPATH="{path}" exec "{sys.executable}" -m assembly.restamp "$@"\n'
    )
    script.chmod(0o755)
    return script


def publish(store: Store, place: Path, tag: str, commit: str = COMMIT, **more: Any) -> None:
    """Publishes a release of a folder; `more` is what else is said of its provenance."""
    release = folder.read(place)
    publisher.publish(
        store,
        Publication(
            release, judgement.of(verdicts_of(place), release), Provenance(commit, **more), tag
        ),
        settings.read().publish,
        Console(quiet=True),
    )
