"""What is published, and the result of publishing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from release.hosting.source import Commit
from release.hosting.store import PutResult, StoredRelease
from release.model.manifest import Manifest
from release.model.release_dir import ReleaseDirectory
from release.publish.judgement import Judgement
from release.publish.published_manifest import BuildRecord


@dataclass(frozen=True, slots=True)
class Publication:
    """A release to publish."""

    release: ReleaseDirectory
    judgement: Judgement
    build: BuildRecord
    tag: str
    previous: tuple[StoredRelease, Manifest] | None = None
    """The release before it, of the same kind."""
    commits: Sequence[Commit] = ()
    """The commits since then, the newest first."""


@dataclass(frozen=True, slots=True)
class Published:
    """The result of publishing."""

    tag: str
    already: bool
    """Whether it was published before, with the same files."""
    placed: Mapping[str, PutResult] = field(default_factory=dict)
    """What was done with each asset."""
    missing: Mapping[str, str] = field(default_factory=dict)
    """The files of tolerated cells that it lacks, and since which day."""
