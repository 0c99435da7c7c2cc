"""Retention: which releases of a store are kept, and which are removed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from urllib.parse import unquote, urlsplit

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import Specifier
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from release.hosting.store import StoredRelease
from release.model import marks, version
from release.model.manifest import Manifest
from release.model.settings import PurgeSettings

Reason = Literal[
    "stable",
    "promoted",
    "pinned",
    "not ours",
    "unreadable",
    "young",
    "among the last",
    "required",
    "old",
    "abandoned draft",
    "left tag",
]
"""Why a release is kept; the last three: why it is removed."""


@dataclass(frozen=True, slots=True)
class RetentionCandidate:
    """A release in a store, with its manifest."""

    release: StoredRelease
    manifest: Manifest | None
    """None: it has no manifest, or it cannot be read."""
    readable: bool = True
    """Whether the manifest could be read, if it has one."""
    size: int = 0
    """Bytes of all its files."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a release, or a tag without a release, is removed."""

    tag: str
    remove: bool
    reason: Reason
    detail: str
    """A sentence or half of one, for the user."""
    release: StoredRelease | None = None
    """None for a tag without a release."""
    size: int = 0
    """Bytes of all its files."""


def decide(
    candidates: Sequence[RetentionCandidate],
    tags: Mapping[str, str],
    settings: PurgeSettings,
    *,
    now: datetime,
    pinned: Sequence[str] = (),
) -> tuple[Decision, ...]:
    """Decides for each release, and for each nightly's tag without a release.

    Args:
      candidates: all releases of a store, including drafts.
      tags: all tags, with their commits.
      settings: how long and how many are kept.
      now: UTC.
      pinned: further tags to keep.

    Returns:
      Decisions, in the order of `candidates`, then for tags.
    """
    promoted = {one.manifest.promoted_from for one in candidates if one.manifest}
    pins = frozenset((*settings.pinned, *pinned))
    last = _last(candidates, settings.keep_last)
    decisions = {
        one.release.tag: _decide(one, settings, now, pins, promoted, last) for one in candidates
    }
    if unread := [one.release.tag for one in candidates if not one.readable]:
        detail = f"{unread[0]}, whose manifest cannot be read, may require it"
        for tag, decision in decisions.items():
            if decision.reason == "old":
                decisions[tag] = replace(decision, remove=False, reason="unreadable", detail=detail)
    for one, by in _required(candidates, decisions):
        detail = f"{by}, which is kept, requires it"
        decisions[one.release.tag] = Decision(
            one.release.tag, False, "required", detail, one.release, one.size
        )
    alone = (
        _decide_tag(tag, day, settings, now, pins)
        for tag in sorted(tags)
        if tag not in decisions and (day := _day(tag))
    )
    return (*decisions.values(), *alone)


def age_of(release: StoredRelease, now: datetime) -> timedelta:
    """The time since a release was published, or since a draft was created."""
    if release.published:
        return now - release.published
    # GitHub gives a draft the date of its commit, which may be far older; a nightly's tag names
    # its day.
    day = _day(release.tag)
    start = datetime.combine(day, time(), UTC) if day else release.created
    return now - (max(start, release.created) if start <= now else release.created)


def _decide(
    one: RetentionCandidate,
    settings: PurgeSettings,
    now: datetime,
    pins: frozenset[str],
    promoted: set[str | None],
    last: frozenset[str],
) -> Decision:
    release = one.release

    def keep(reason: Reason, detail: str) -> Decision:
        return Decision(release.tag, False, reason, detail, release, one.size)

    def remove(reason: Reason, detail: str) -> Decision:
        return Decision(release.tag, True, reason, detail, release, one.size)

    notes = marks.read(release.notes)
    days = age_of(release, now).days
    if version.of_tag(release.tag) is None:
        return keep("not ours", "its tag does not name a version")
    if not release.prerelease and not release.draft:
        return keep("stable", "it is not a pre-release")
    if release.tag in promoted:
        return keep("promoted", "a stable release was promoted from it")
    if one.manifest and one.manifest.promoted_from:
        return keep("promoted", f"it was promoted from {one.manifest.promoted_from}")
    if release.tag in pins:
        return keep("pinned", "by the settings or --pin")
    if notes.pinned is not None:
        return keep("pinned", notes.pinned or "by its notes")
    if not one.readable:
        return keep("unreadable", "its manifest cannot be read")
    if release.draft:
        if days >= settings.drafts_after_days:
            return remove("abandoned draft", f"{days} days old")
        return keep("young", f"a draft, {days} days old")
    if days < settings.after_days:
        return keep("young", f"{days} days old; kept for {settings.after_days}")
    if release.tag in last:
        return keep("among the last", f"the newest {settings.keep_last} are kept")
    return remove("old", f"{days} days")


def _decide_tag(
    tag: str, day: date, settings: PurgeSettings, now: datetime, pins: frozenset[str]
) -> Decision:
    """Decides for a nightly's tag without a release: an interrupted purge or nightly left it, or a
    nightly has just begun."""
    if tag in pins:
        return Decision(tag, False, "pinned", "by the settings or --pin")
    days = (now.date() - day).days
    if days < settings.drafts_after_days:
        return Decision(tag, False, "young", f"a tag without a release, {days} days old")
    return Decision(tag, True, "left tag", "it has no release")


def _last(candidates: Sequence[RetentionCandidate], count: int) -> frozenset[str]:
    """The tags of the newest published pre-releases whose tags name a version."""
    releases = [
        one.release
        for one in candidates
        if one.release.prerelease
        and not one.release.draft
        and version.of_tag(one.release.tag) is not None
    ]
    newest = sorted(releases, key=lambda one: one.published or one.created, reverse=True)
    return frozenset(release.tag for release in newest[:count])


def _required(
    candidates: Sequence[RetentionCandidate], decisions: Mapping[str, Decision]
) -> Iterator[tuple[RetentionCandidate, str]]:
    """Releases that would be removed although a kept one requires them, each with its tag."""
    removable = {one.release.tag: one for one in candidates if decisions[one.release.tag].remove}
    provided = _Provided(list(removable.values()))
    queue = [one for one in candidates if not decisions[one.release.tag].remove]
    while queue and removable:
        keeper = queue.pop()
        for tag in sorted(provided.pinned_by(keeper)):
            if one := removable.pop(tag, None):
                yield one, keeper.release.tag
                # It is kept now, and so are its own requirements.
                queue.append(one)


class _Provided:
    """The versions and files that some releases provide, to be looked up by requirement."""

    def __init__(self, candidates: Sequence[RetentionCandidate]) -> None:
        self._versions: dict[str, dict[Version, set[str]]] = defaultdict(lambda: defaultdict(set))
        self._files: dict[str, set[str]] = defaultdict(set)
        for one in candidates:
            if one.manifest is None:
                continue
            version_of = _version(one.manifest.version)
            for artifact in one.manifest.artifacts.values():
                self._files[artifact.filename].add(one.release.tag)
                if artifact.package and version_of:
                    name = canonicalize_name(artifact.package)
                    self._versions[name][version_of].add(one.release.tag)

    def pinned_by(self, keeper: RetentionCandidate) -> set[str]:
        """The tags of the releases that the wheels of another release pin."""
        if keeper.manifest is None:
            return set()
        # Most wheels of a release have the same requirements.
        texts = {text for one in keeper.manifest.artifacts.values() for text in one.requires}
        return set().union(*map(self._pinned, texts))

    def _pinned(self, text: str) -> set[str]:
        """The tags of the releases that a requirement pins, by version or by the URL of a file."""
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            return set()
        if requirement.url:
            file = unquote(urlsplit(requirement.url).path).rpartition("/")[2]
            return self._files.get(file, set())
        versions = self._versions.get(canonicalize_name(requirement.name), {})
        return set().union(
            *(
                tags
                for specifier in requirement.specifier
                if specifier.operator in ("==", "===")
                for tags in _at(versions, specifier)
            )
        )


def _at(versions: Mapping[Version, set[str]], specifier: Specifier) -> Iterator[set[str]]:
    for one, tags in versions.items():
        if specifier.contains(one, prereleases=True):
            yield tags


def _version(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None


def _day(tag: str) -> date | None:
    """The day of a nightly's tag; None for any other tag."""
    return version.day(version.of_tag(tag) or "")
