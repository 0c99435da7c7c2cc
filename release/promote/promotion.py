"""The promotion: a candidate's files at a stable version, examined and then published."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from rich.console import Console

from release.gate import examination, grid
from release.gate.examination import ExaminationOptions
from release.gate.sizes import SizeLimits
from release.hosting import catalogue
from release.hosting.source import CommitSource
from release.hosting.store import Store
from release.model import version
from release.model.errors import Refused
from release.model.manifest import Manifest
from release.model.products import DeclaredProduct
from release.model.release_dir import ReleaseDirectory
from release.model.settings import Settings
from release.model.verdicts import Verdicts
from release.promote import restamping
from release.promote.candidate import Candidate
from release.promote.restamping import Approval
from release.publish import judgement, publisher
from release.publish.publication import Publication, Published
from release.publish.published_manifest import BuildRecord


@dataclass(frozen=True, slots=True)
class Promotion:
    """What is promoted, and how."""

    product: DeclaredProduct
    store: Store
    source: CommitSource
    settings: Settings
    candidate: Candidate
    version: str
    approval: Approval
    now: datetime
    """UTC; the clock is read once for the whole promotion."""
    work: Path
    """Directory for the candidate's files and those made from them."""
    smoke_test: bool
    """Whether the new files are installed and run."""
    console: Console
    """Where progress is shown."""

    @property
    def tag(self) -> str:
        """The tag of the new release."""
        return version.tag_of(self.version)


def already(store: Store, candidate: Candidate, stable: str) -> bool:
    """Whether a candidate was already promoted to a version, with the same files.

    Raises:
      Refused: the version is published, and was not made from this candidate.
    """
    tag = version.tag_of(stable)
    release = store.release(tag)
    if release is None or release.draft:
        return False
    existing = catalogue.manifest_of(store, tag)
    predecessors = {
        artifact.promoted_from.filename: artifact.promoted_from.sha256
        for artifact in (existing.artifacts.values() if existing else ())
        if artifact.promoted_from
    }
    if predecessors != candidate.manifest.digests():
        origin = existing.promoted_from if existing else None
        raise Refused(
            f"{store.address}: {tag} is already published, "
            f"{f'made from {origin}' if origin else 'and was not promoted'}; use the next version"
        )
    return True


def promote(promotion: Promotion) -> Published:
    """Makes the release, examines it, and publishes it.

    Raises:
      Refused: a file cannot be promoted, or the gate refuses the new files.
      RemoteError: the store failed; run it again to continue.
    """
    candidate, store, work = promotion.candidate, promotion.store, promotion.work
    files = restamping.fetch(store, candidate, work / candidate.tag)
    release = restamping.restamp(
        candidate, files, promotion.version, promotion.approval, work / promotion.tag
    )
    previous = catalogue.previous(store, promotion.version)
    verdicts = _examine(promotion, release, previous[1] if previous else None)
    if not verdicts.right:
        grid.show(verdicts, promotion.console)
        raise Refused(
            f"the gate refused {promotion.version}, and nothing was published; the files made "
            f"from {candidate.tag} are in {work / promotion.tag}"
        )
    judged = judgement.of(verdicts, release)
    base = previous[1].commit if previous else None
    return publisher.publish(
        store,
        Publication(
            release=release,
            # A smoke test of the candidate's files is not one of these files, but worth knowing.
            judgement=replace(
                judged, manifest=judged.manifest.with_runs_of(candidate.manifest, candidate.tag)
            ),
            build=BuildRecord(
                candidate.commit,
                dirty=candidate.manifest.dirty,
                evidence=candidate.manifest.evidence,
            ),
            tag=promotion.tag,
            previous=previous,
            commits=promotion.source.between(base, candidate.commit) if base else (),
        ),
        promotion.settings.publish,
        promotion.console,
    )


def _examine(
    promotion: Promotion, release: ReleaseDirectory, previous: Manifest | None
) -> Verdicts:
    # Sizes are compared with the last stable release, but a missing cell has been missing since
    # the first candidate without it.
    candidate = promotion.candidate.manifest
    options = ExaminationOptions(
        product=promotion.product,
        run=promotion.smoke_test,
        limits=SizeLimits(wheel=promotion.settings.publish.registry_file_limit),
    )
    return examination.examine(
        release,
        options,
        previous=(previous or candidate).with_cells_of(candidate),
        day=promotion.now.date(),
        console=promotion.console,
    )
