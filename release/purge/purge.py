"""Purging a store: removing the releases and tags that the policy no longer keeps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from release.hosting import catalogue
from release.hosting.store import Absent, Asset, Busy, Store, StoredRelease
from release.model.document import DocumentError
from release.model.errors import RemoteError
from release.model.manifest import Manifest
from release.model.product import Product
from release.model.settings import PurgeSettings
from release.purge import retention
from release.purge.retention import Decision, RetentionCandidate
from release.site import site as sites

Outcome = Literal["removed", "kept", "failed"]
"""kept: it changed since the decision, or another run is publishing it."""


@dataclass(frozen=True, slots=True)
class Removal:
    """What happened to a release or tag that was to be removed."""

    tag: str
    outcome: Outcome
    message: str
    is_error: bool = False
    """Whether the message reports an error."""


@dataclass(frozen=True, slots=True)
class PurgeRun:
    """A store, and the policy that applies to it."""

    store: Store
    product: Product
    settings: PurgeSettings
    now: datetime
    """UTC."""
    warn: Callable[[str], None]
    """Is called with a message about each manifest that cannot be read."""
    known: dict[tuple[str, Asset], tuple[Manifest | None, bool]] = field(default_factory=dict)
    """Manifests read so far; (None, False) if one could not be read."""

    def decide(self) -> tuple[Decision, ...]:
        """Decides for each release and tag that is now in the store.

        A manifest can only be a reason to keep a release, so none is read unless some release
        would be removed.
        """
        inventory = list(self.store.inventory())
        tags = self.store.tags()

        def decided(candidates: list[RetentionCandidate]) -> tuple[Decision, ...]:
            return retention.decide(candidates, tags, self.settings, now=self.now)

        decisions = decided(
            [RetentionCandidate(release, None, size=_size(files)) for release, files in inventory]
        )
        if any(one.remove and one.release for one in decisions):
            return decided([self._candidate(release, files) for release, files in inventory])
        return decisions

    def _candidate(self, release: StoredRelease, files: Mapping[str, Asset]) -> RetentionCandidate:
        asset = files.get(catalogue.MANIFEST)
        if asset is None or not asset.complete:
            return RetentionCandidate(release, None, size=_size(files))
        key = (release.tag, asset)
        if key not in self.known:
            try:
                self.known[key] = catalogue.manifest_of(self.store, release.tag), True
            except DocumentError as error:
                self.warn(f"{error}; no old release is removed until you fix or delete it")
                self.known[key] = None, False
        manifest, readable = self.known[key]
        return RetentionCandidate(release, manifest, readable, _size(files))


def to_remove(decisions: Sequence[Decision], now: datetime) -> list[Decision]:
    """The decisions to remove something: the oldest release first, tags without a release last."""

    def order(decision: Decision) -> tuple[bool, timedelta, str]:
        release = decision.release
        age = retention.age_of(release, now) if release else timedelta()
        return release is None, -age, decision.tag

    return sorted((one for one in decisions if one.remove), key=order)


def remove_all(
    run: PurgeRun,
    decisions: Sequence[Decision],
    site: Path | None,
    report: Callable[[Removal], None],
) -> list[Removal]:
    """Removes releases and tags: from the index first, so that it never links to missing files.

    Args:
      run: the store.
      decisions: what to remove.
      site: directory of the index; None: the store's own.
      report: is called with each removal.
    """
    run.store.tidy()
    if not decisions:
        return []
    rewrite_index(run, site, without=frozenset(one.tag for one in decisions))
    removals = []
    for one in decisions:
        removals.append(_remove(run, one))
        report(removals[-1])
    drafts = {one.tag for one in decisions if _is_draft(one)}
    if any(one.outcome == "kept" and one.tag not in drafts for one in removals):
        failed = frozenset(one.tag for one in removals if one.outcome == "failed")
        rewrite_index(run, site, without=failed)
    return removals


def write_index_without(run: PurgeRun, decisions: Sequence[Decision], site: Path | None) -> Path:
    """Writes the index without what is to be removed, and returns its directory.

    Raises:
      UsageError: the store has no index of its own, and `site` names none.
    """
    directory = sites.required_directory(run.store, site)
    without = frozenset(one.tag for one in decisions)
    sites.write(run.store, directory, run.product, now=run.now, without=without)
    return directory


def rewrite_index(run: PurgeRun, site: Path | None, *, without: frozenset[str]) -> None:
    """Writes the index without some tags, if the store has an index."""
    sites.rewrite(run.store, site, run.product, now=run.now, without=without)


def _remove(run: PurgeRun, decision: Decision) -> Removal:
    """Removes a release and its tag, unless it must be kept by now.

    A removal is permanent, so the decision is made again: meanwhile the release may have been
    pinned or promoted, or a new release may require it.
    """
    store, tag = run.store, decision.tag
    try:
        with store.lease(tag) if _is_draft(decision) else nullcontext():
            again = next((one for one in run.decide() if one.tag == tag), None)
            # None: another run removed the release, and perhaps not its tag.
            if again and (not again.remove or again.reason not in (decision.reason, "left tag")):
                return Removal(tag, "kept", f"kept {tag}, which has changed: {again.detail}")
            store.remove(tag)
        store.remove_tag(tag)
    except Busy as error:
        return Removal(tag, "kept", f"{error}; it is kept", is_error=True)
    except Absent:
        return Removal(tag, "kept", f"{tag} was already removed by another run")
    except RemoteError as error:
        return Removal(tag, "failed", str(error), is_error=True)
    return Removal(tag, "removed", f"removed {tag}")


def _is_draft(decision: Decision) -> bool:
    """Whether another run may be publishing it."""
    return decision.release is not None and decision.release.draft


def _size(files: Mapping[str, Asset]) -> int:
    return sum(file.size for file in files.values())
