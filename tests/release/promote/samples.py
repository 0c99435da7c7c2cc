"""Small releases in a store, as the nightly publishes them."""

from __future__ import annotations

import json
import os
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from release.hosting.store import Store, StoredRelease
from release.model import release_dir
from release.model.document import dumps
from release.promote import restamping
from release.promote.candidate import Candidate
from release.promote.restamping import Approval
from release.publish import judgement, publisher
from release.publish.publication import Publication
from release.publish.published_manifest import BuildRecord
from tests.release.products import SETTINGS
from tests.release.publish.samples import verdicts_of

COMMIT = "c" * 40


def restamp_tool(script: Path) -> Path:
    """Writes a script that runs `//packaging/builder/assembly:restamp`, and returns its path."""
    path = os.pathsep.join(sys.path)
    script.write_text(
        f'#!/bin/sh\nPYTHONPATH="{path}" exec "{sys.executable}" -m builder.assembly.restamp "$@"\n'
    )
    script.chmod(0o755)
    return script


def at_version(built: Path, version: str, place: Path) -> Path:
    """Makes a release directory at another version, as a build at it would; returns the directory.

    Args:
      built: plan.json of a built release, with all else beside it.
      version: the version.
      place: becomes the directory.
    """
    release = release_dir.read(built.parent)
    assert release.manifest
    stored = StoredRelease("", "", "", False, True, datetime.min, None)
    candidate = Candidate(
        release=stored,
        version=release.plan.version,
        manifest=release.manifest,
        plan=release.plan,
    )
    files = {path.name: path for path in release.files}
    restamping.restamp(candidate, files, version, Approval((), {}), place)
    manifest = json.loads((place / "manifest.json").read_bytes())
    for name in ("promoted_from", "conditions", "overrides"):
        del manifest[name]
    for artifact in manifest["artifacts"]:
        del artifact["promoted_from"]
    (place / "manifest.json").write_bytes(dumps(manifest))
    return place


def publish(store: Store, place: Path, tag: str, commit: str = COMMIT, **more: Any) -> None:
    """Publishes a release of a directory; `more` are further arguments of BuildRecord."""
    release = release_dir.read(place)
    publisher.publish(
        store,
        Publication(
            release, judgement.of(verdicts_of(place), release), BuildRecord(commit, **more), tag
        ),
        SETTINGS.publish,
        Console(quiet=True),
    )
