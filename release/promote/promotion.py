"""The promotion: a candidate's files under a stable version, examined, then published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from release.gate import examination, grid
from release.gate.examination import ExaminationOptions
from release.gate.release_set import SizeLimits
from release.hosting import catalogue
from release.hosting.source import CommitSource
from release.hosting.store import Store
from release.model import version
from release.model.errors import Refused
from release.model.manifest import Manifest
from release.model.release_dir import ReleaseDirectory
from release.model.settings import Settings
from release.model.verdicts import Verdicts
from release.promote import restamping
from release.promote.candidate import Candidate
from release.promote.restamping import Approval
from release.publish import judgement, publisher
from release.publish.judgement import Judgement
from release.publish.publication import Publication, Published
from release.publish.published_manifest import BuildRecord


@dataclass(frozen=True, slots=True)
class Promotion:
    """What is promoted, and with what."""

    store: Store
    source: CommitSource
    settings: Settings
    candidate: Candidate
    version: str
    permit: Approval
    now: datetime
    """The one reading of the clock, UTC."""
    place: Path
    """Where files are laid: the candidate's, and those made of them."""
    run: bool
    """Whether what was made is installed and run."""
    console: Console
    """Where it tells what it does."""

    @property
    def tag(self) -> str:
        """The tag of the new release."""
        return version.tag_of(self.version)


def already(store: Store, candidate: Candidate, wanted: str) -> bool:
    """Whether a candidate was promoted to a version before, byte for byte.

    Raises:
      Refused: the version is published, and is none of that candidate.
    """
    tag = version.tag_of(wanted)
    release = store.release(tag)
    if release is None or release.draft:
        return False
    there = catalogue.manifest_of(store, tag)
    formers = {
        artifact.promoted_from.filename: artifact.promoted_from.sha256
        for artifact in (there.artifacts.values() if there else ())
        if artifact.promoted_from
    }
    own = {name: artifact.sha256 for name, artifact in candidate.manifest.artifacts.items()}
    if formers != own:
        origin = there.promoted_from if there else None
        raise Refused(
            f"{store.address}: {tag} is published already, "
            f"{f'made of {origin}' if origin else 'and was not promoted'}; take the next version"
        )
    return True


def promote(promotion: Promotion) -> Published:
    """Makes the release, holds it against its plan, and publishes it.

    Raises:
      Refused: a file cannot be promoted, or the gate refuses what was made of them.
      RemoteError: the store failed; a rerun goes on.
    """
    candidate, store, place = promotion.candidate, promotion.store, promotion.place
    files = restamping.fetch(store, candidate, place / candidate.tag)
    release = restamping.restamp(
        candidate, files, promotion.version, promotion.permit, place / promotion.tag
    )
    before = catalogue.previous(store, promotion.version)
    verdicts = _examine(promotion, release, before[1] if before else None)
    if not verdicts.right:
        grid.show(verdicts, promotion.console)
        raise Refused(
            f"{promotion.version} must not go out, and nothing was published; what was made of "
            f"{candidate.tag} is in {place / promotion.tag}"
        )
    base = before[1].commit if before else None
    stated = candidate.manifest_json
    return publisher.publish(
        store,
        Publication(
            release=release,
            judgement=_with_trials(judgement.of(verdicts, release), candidate),
            provenance=BuildRecord(
                candidate.commit, dirty=stated.get("dirty", False), evidence=stated.get("evidence")
            ),
            tag=promotion.tag,
            previous=before,
            commits=promotion.source.between(base, candidate.commit) if base else (),
        ),
        promotion.settings.publish,
        promotion.console,
    )


def _examine(
    promotion: Promotion, release: ReleaseDirectory, previous: Manifest | None
) -> Verdicts:
    # Files grow since the last stable release, but what is missing is so since the candidates.
    known = replace(
        previous or promotion.candidate.manifest, missing=promotion.candidate.manifest.missing
    )
    wishes = ExaminationOptions(
        run=promotion.run, limits=SizeLimits(wheel=promotion.settings.publish.registry_file_limit)
    )
    return examination.examine(
        release, wishes, previous=known, day=promotion.now.date(), console=promotion.console
    )


def _with_trials(judged: Judgement, candidate: Candidate) -> Judgement:
    """The judgement, which of a cell that was not run says how it went as a candidate."""
    runs = {
        (cell.package, cell.platform, cell.python): cell.run for cell in candidate.manifest.cells
    }

    def told(cells: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        return [
            {**cell, "run_detail": f"as {candidate.tag}: {former}"}
            if cell["run"] == "not run"
            and (former := runs.get((cell.get("package"), cell["platform"], cell.get("python"))))
            else dict(cell)
            for cell in cells
        ]

    content = judged.manifest_json
    return replace(
        judged,
        manifest_json={
            **content,
            "cells": told(content["cells"]),
            "dists": told(content["dists"]),
        },
    )
