"""manifest.json: what a release consists of, after it was built.

The build writes it (packaging/builder/assembly/manifest.py). The gate adds what it found, `publish`
adds the commit and what installers need, and `promote` derives the manifest of a stable release
from its candidate's. Each of these steps is a method of `Manifest`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal

from release.model import document
from release.model.cells import CellStatus, DistStatus
from release.model.evidence import CommitEvidence
from release.model.finding import Check, Finding
from release.model.plan import Place, Plan
from release.model.record import Record
from release.model.state import CellState, RunState
from release.model.verdicts import Verdicts

SCHEMA = 1
"""The schema that this program reads and writes."""

_BUILT_KEYS = ("kind", "platform", "origins", "package", "tags")
"""What a promoted artifact has in common with the candidate's."""


@dataclass(frozen=True, slots=True)
class UpstreamArchive(Record):
    """An archive from upstream."""

    filename: str
    sha256: str
    """Digest in hex."""


@dataclass(frozen=True, slots=True)
class Origin(Record):
    """Where native code comes from."""

    kind: str
    """prebuilt, tree or cmake; prebuilt code was not built from the release's commit."""
    project: str
    version: str
    """Upstream's version."""
    revision: str | None
    """The source commit, if upstream names it."""
    sources: tuple[UpstreamArchive, ...]


@dataclass(frozen=True, slots=True)
class Predecessor(Record):
    """The candidate's file that a promoted file was made from."""

    filename: str
    sha256: str
    """Digest in hex."""
    rewritten: tuple[str, ...]
    """Paths in the promoted file that name the version; all other members are unchanged."""


@dataclass(frozen=True, slots=True)
class PublishedMetadata:
    """What installers need to know of a published wheel."""

    requires_python: str | None
    requires: tuple[str, ...]
    metadata_sha256: str
    """Digest in hex of METADATA."""


@dataclass(frozen=True, slots=True)
class RestampedFile:
    """A candidate's file at the version of the stable release."""

    sha256: str
    """Digest in hex."""
    size: int
    """Bytes."""
    rewritten: tuple[str, ...]
    """Paths in it that name the version."""


@dataclass(frozen=True, slots=True)
class Artifact(Record):
    """A file of the release."""

    filename: str
    kind: Literal["wheel", "dist"]
    platform: str
    """Name of the platform, or any."""
    sha256: str
    """Digest in hex."""
    size: int
    """Bytes."""
    origins: tuple[Origin, ...]
    package: str | None = None
    """The distribution of a wheel."""
    tags: tuple[str, ...] = ()
    """Expanded tags of a wheel."""
    requires_python: str | None = None
    """For a published wheel, like the next two: Requires-Python of its METADATA."""
    requires: tuple[str, ...] = ()
    """Requires-Dist of its METADATA."""
    metadata_sha256: str | None = None
    """Digest in hex of its METADATA, which is published as FILENAME.metadata (PEP 658)."""
    promoted_from: Predecessor | None = None
    """What it was made from, in a promoted release."""

    def published(self, metadata: PublishedMetadata) -> Artifact:
        """The wheel as it is published."""
        return self.changed(
            requires_python=metadata.requires_python,
            requires=metadata.requires,
            metadata_sha256=metadata.metadata_sha256,
        )

    def restamped(self, filename: str, file: RestampedFile) -> Artifact:
        """The artifact that was made from this one, under another name."""
        kept = [key for key in self.keys or _BUILT_KEYS if key in _BUILT_KEYS]
        return Artifact(
            filename=filename,
            kind=self.kind,
            platform=self.platform,
            sha256=file.sha256,
            size=file.size,
            origins=self.origins,
            package=self.package,
            tags=self.tags,
            promoted_from=Predecessor(self.filename, self.sha256, file.rewritten),
            extra=self.extra,
            keys=(
                *sorted(kept, key=_BUILT_KEYS.index),
                *("filename", "sha256", "size", "promoted_from"),
            ),
        )


@dataclass(frozen=True, slots=True)
class Condition(Record):
    """A condition of a promotion, and whether it was met."""

    name: str
    met: bool
    detail: str
    """Why it is met or not."""


@dataclass(frozen=True, slots=True)
class Manifest(Record):
    """What a release consists of."""

    schema: int = field(default=SCHEMA, kw_only=True, metadata={"schema": SCHEMA})
    version: str
    product: str | None = field(default=None, kw_only=True)
    """The name of the product; None for a release that was built before there were products."""
    artifacts: Mapping[str, Artifact] = field(metadata={"by": "filename"})
    """By file name; a list in the document."""
    package_cells: tuple[CellStatus, ...] = field(
        default=(), metadata={"key": "cells", "required": True}
    )
    dists: tuple[DistStatus, ...] = field(default=(), metadata={"required": True})
    examined: date | None = None
    """The day on which the gate examined the release, UTC."""
    notes: tuple[Finding, ...] = ()
    """The gate's findings that are no faults."""
    tag: str | None = None
    """Of a published release, like the next three."""
    commit: str | None = None
    """The commit that it was built from: 40 hex digits."""
    dirty: bool = False
    """Whether it was built with uncommitted changes."""
    evidence: CommitEvidence | None = None
    """Why that commit became a candidate."""
    promoted_from: str | None = None
    """Of a promoted release, like the next two: the tag of its candidate."""
    conditions: tuple[Condition, ...] = ()
    """The conditions of the promotion."""
    overrides: Mapping[str, str] = field(default_factory=dict)
    """The conditions that were not met, and why the candidate was promoted nevertheless."""

    @property
    def cells(self) -> tuple[CellStatus, ...]:
        """The cells of all packages, then the dists, each in the plan's order."""
        return (*self.package_cells, *self.dists)

    @property
    def missing(self) -> Mapping[Place, date]:
        """The cells that the gate found missing and tolerated, and since which day."""
        return {cell.place: cell.missing_since for cell in self.cells if cell.missing_since}

    @property
    def stamps(self) -> Mapping[str, tuple[str, ...]]:
        """Files that still name another version, by what the gate reports about them.

        A file is listed once for all wheels of a package, and once for all dists.
        """
        found: dict[str, dict[str, None]] = {}
        for note in self.notes:
            if note.check is Check.STAMP:
                wheel = note.file.endswith(".whl")
                owner = note.file.partition("-")[0] if wheel else "the dists"
                found.setdefault(note.message, {})[f"{note.member} of {owner}"] = None
        return {message: tuple(members) for message, members in found.items()}

    def same_release(self, other: Manifest) -> bool:
        """Whether another manifest lists the same files and commit; its verdicts may differ."""
        return (self.version, self.commit, self.digests()) == (
            other.version,
            other.commit,
            other.digests(),
        )

    def digests(self) -> dict[str, str]:
        """The sha256 of each artifact, in hex, by file name."""
        return {name: artifact.sha256 for name, artifact in self.artifacts.items()}

    def with_verdicts(self, verdicts: Verdicts) -> Manifest:
        """The manifest of an examined release: without absent files, with the verdicts."""
        present = {size.file for size in verdicts.sizes}
        extra = {cell.place: cell.extra for cell in self.cells}
        return self.changed(
            examined=verdicts.day,
            artifacts={name: one for name, one in self.artifacts.items() if name in present},
            package_cells=tuple(
                CellStatus.of_verdict(cell, extra.get(cell.place, {}))
                for cell in verdicts.cells
                if cell.package
            ),
            dists=tuple(
                DistStatus.of_verdict(cell, extra.get(cell.place, {}))
                for cell in verdicts.cells
                if not cell.package
            ),
            notes=verdicts.notes,
        )

    def published(
        self,
        *,
        tag: str,
        commit: str,
        dirty: bool,
        evidence: CommitEvidence | None,
        metadata: Mapping[str, PublishedMetadata],
        unbuilt: Mapping[str, str],
    ) -> Manifest:
        """The manifest as it is published.

        Args:
          tag: the release's.
          commit: what it was built from.
          dirty: whether it was built with uncommitted changes.
          evidence: why that commit became a candidate.
          metadata: of each wheel, by file name.
          unbuilt: platforms that could not be built, and why.
        """

        def explained(cell: CellStatus) -> CellStatus:
            if cell.status is CellState.MISSING and cell.platform in unbuilt:
                return cell.changed(why=(unbuilt[cell.platform],))
            return cell

        return self.changed(
            tag=tag,
            commit=commit,
            dirty=dirty,
            evidence=evidence,
            artifacts={
                name: artifact.published(metadata[name]) if name in metadata else artifact
                for name, artifact in self.artifacts.items()
            },
            package_cells=tuple(map(explained, self.package_cells)),
            dists=tuple(map(explained, self.dists)),
        )

    def restamped(
        self,
        plan: Plan,
        rename: Callable[[str], str],
        files: Mapping[str, RestampedFile],
        *,
        candidate: str,
        conditions: Sequence[Condition],
        overrides: Mapping[str, str],
    ) -> Manifest:
        """The manifest of a candidate's files at another version, as the build would write it.

        Args:
          plan: the candidate's plan at that version.
          rename: gives the name of a file at that version.
          files: the new files, by the names of the candidate's.
          candidate: its tag.
          conditions: of the promotion.
          overrides: why unmet conditions are overridden.
        """
        artifacts = sorted(
            (one.restamped(rename(name), files[name]) for name, one in self.artifacts.items()),
            key=lambda artifact: artifact.filename,
        )
        present = {artifact.filename for artifact in artifacts}
        extra = {cell.place: cell.extra for cell in self.cells}
        return Manifest(
            version=plan.version,
            product=self.product,
            artifacts={artifact.filename: artifact for artifact in artifacts},
            package_cells=tuple(
                CellStatus.of_plan(cell, present, extra.get(cell.place, {})) for cell in plan.cells
            ),
            dists=tuple(
                DistStatus.of_planned(dist, present, extra.get(dist.place, {}))
                for dist in plan.dists
            ),
            promoted_from=candidate,
            conditions=tuple(conditions),
            overrides=overrides,
            extra=self.extra,
            keys=(
                *("schema", "version", *(("product",) if self.product else ())),
                *("artifacts", "cells", "dists"),
                *("promoted_from", "conditions", "overrides"),
            ),
        )

    def with_runs_of(self, candidate: Manifest, tag: str) -> Manifest:
        """The manifest, with how cells that were not run did as part of the candidate `tag`."""
        runs = {cell.place: cell.run for cell in candidate.cells}

        def described(cell: CellStatus) -> CellStatus:
            if cell.run is RunState.NOT_RUN and cell.place in runs:
                return cell.changed(run_detail=f"as {tag}: {runs[cell.place]}")
            return cell

        return self.changed(
            package_cells=tuple(map(described, self.package_cells)),
            dists=tuple(map(described, self.dists)),
        )

    def with_cells_of(self, other: Manifest) -> Manifest:
        """The manifest, with the cells and dists of another one."""
        return self.changed(package_cells=other.package_cells, dists=other.dists)


def read(path: Path) -> Manifest:
    """Reads manifest.json.

    Raises:
      document.DocumentError: the file cannot be read, is malformed, or has another schema.
    """
    return document.read(path, "manifest", Manifest.from_json)


def loads(text: bytes, where: str) -> Manifest:
    """Reads a manifest from memory.

    Args:
      text: content of manifest.json.
      where: where it comes from, for messages.

    Raises:
      document.DocumentError: it is malformed, or has another schema.
    """
    return document.loads(text, where, "manifest", Manifest.from_json)
