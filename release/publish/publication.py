"""What is published, and what publishing did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from release.hosting.source import Commit
from release.hosting.store import Placed, StoredRelease
from release.model.manifest import Manifest
from release.model.release_dir import ReleaseDirectory
from release.publish.judgement import Judgement
from release.publish.published_manifest import BuildRecord


@dataclass(frozen=True, slots=True)
class Publication:
    """What is to be published."""

    release: ReleaseDirectory
    judgement: Judgement
    provenance: BuildRecord
    tag: str
    previous: tuple[StoredRelease, Manifest] | None = None
    """The release before it, of the same kind."""
    commits: Sequence[Commit] = ()
    """Those since then, the newest first."""


@dataclass(frozen=True, slots=True)
class Published:
    """What was done."""

    tag: str
    already: bool
    """Whether it had been published before, with the same bytes."""
    placed: Mapping[str, Placed] = field(default_factory=dict)
    """What became of each asset."""
    missing: Mapping[str, str] = field(default_factory=dict)
    """The files of tolerated cells that it does not have, and since which day."""
