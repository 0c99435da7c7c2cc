"""Retention: which releases of a store are kept, and why."""

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
"""Why a release is kept, or, of the last three, why it goes."""


@dataclass(frozen=True, slots=True)
class RetentionCandidate:
    """A release in a store, and what its manifest says."""

    release: StoredRelease
    manifest: Manifest | None
    """None where there is none."""
    readable: bool = True
    """Whether a manifest that is there could be read."""
    size: int = 0
    """Bytes of all its files."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a release, or of a tag without one."""

    tag: str
    goes: bool
    reason: Reason
    detail: str
    """In words, for a person."""
    release: StoredRelease | None = None
    """None of a tag without one."""
    size: int = 0
    """Bytes of all its files."""


def decide(
    held: Sequence[RetentionCandidate],
    tags: Mapping[str, str],
    settings: PurgeSettings,
    *,
    now: datetime,
    pinned: Sequence[str] = (),
) -> tuple[Decision, ...]:
    """Decides on every release, and on every candidate's tag that has none.

    Args:
      held: all releases of a store, drafts too.
      tags: all tags, with their commits.
      settings: how long and how many are kept.
      now: UTC.
      pinned: further tags to keep.

    Returns:
      Decisions, in the order of `held`, then tags.
    """
    promoted = {one.manifest.promoted_from for one in held if one.manifest}
    pins = frozenset((*settings.pinned, *pinned))
    last = _last(held, settings.keep_last)
    decisions = {one.release.tag: _decide(one, settings, now, pins, promoted, last) for one in held}
    for one, by in _required(held, decisions):
        detail = f"{by}, which is kept, requires it"
        decisions[one.release.tag] = Decision(
            one.release.tag, False, "required", detail, one.release, one.size
        )
    if unread := [one.release.tag for one in held if not one.readable]:
        detail = f"the manifest of {unread[0]} cannot be read, and may require it"
        for tag, decision in decisions.items():
            if decision.reason == "old":
                decisions[tag] = replace(decision, goes=False, reason="unreadable", detail=detail)
    alone = (
        _decide_tag(tag, day, settings, now, pins)
        for tag in sorted(tags)
        if tag not in decisions and (day := _day(tag))
    )
    return (*decisions.values(), *alone)


def age_of(release: StoredRelease, now: datetime) -> timedelta:
    """Since it was published; of a draft, since it was made."""
    if release.published:
        return now - release.published
    # GitHub dates a draft as its commit, which may be far older; a nightly's tag says its day.
    day = _day(release.tag)
    begun = datetime.combine(day, time(), UTC) if day else release.created
    return now - (max(begun, release.created) if begun <= now else release.created)


def _decide(
    one: RetentionCandidate,
    settings: PurgeSettings,
    now: datetime,
    pins: frozenset[str],
    promoted: set[str | None],
    last: frozenset[str],
) -> Decision:
    release = one.release

    def kept(reason: Reason, detail: str) -> Decision:
        return Decision(release.tag, False, reason, detail, release, one.size)

    def goes(reason: Reason, detail: str) -> Decision:
        return Decision(release.tag, True, reason, detail, release, one.size)

    said = marks.read(release.notes)
    days = age_of(release, now).days
    if version.of_tag(release.tag) is None:
        return kept("not ours", "its tag is none of a release of ours")
    if not release.prerelease and not release.draft:
        return kept("stable", "it is no pre-release")
    if release.tag in promoted:
        return kept("promoted", "a stable release was made of it")
    if one.manifest and one.manifest.promoted_from:
        return kept("promoted", f"it was made of {one.manifest.promoted_from}")
    if release.tag in pins:
        return kept("pinned", "the settings or --pin name it")
    if said.pinned is not None:
        return kept("pinned", said.pinned or "its notes say so")
    if not one.readable:
        return kept("unreadable", "its manifest cannot be read")
    if release.draft:
        if days >= settings.drafts_after_days:
            return goes("abandoned draft", f"for {days} days")
        return kept("young", f"a draft of {days} days")
    if days < settings.after_days:
        return kept("young", f"{days} days, of {settings.after_days}")
    if release.tag in last:
        return kept("among the last", f"of {settings.keep_last}")
    return goes("old", f"{days} days")


def _decide_tag(
    tag: str, day: date, settings: PurgeSettings, now: datetime, pins: frozenset[str]
) -> Decision:
    """What becomes of a nightly's tag without a release: a purge left it that was killed, or a
    night, or its night has just begun."""
    if tag in pins:
        return Decision(tag, False, "pinned", "the settings or --pin name it")
    days = (now.date() - day).days
    if days < settings.drafts_after_days:
        return Decision(tag, False, "young", f"a tag of {days} days, without a release")
    return Decision(tag, True, "left tag", "its release is gone")


def _last(held: Sequence[RetentionCandidate], count: int) -> frozenset[str]:
    """The tags of the newest published pre-releases of ours."""
    candidates = [
        one.release
        for one in held
        if one.release.prerelease
        and not one.release.draft
        and version.of_tag(one.release.tag) is not None
    ]
    newest = sorted(candidates, key=lambda one: one.published or one.created, reverse=True)
    return frozenset(release.tag for release in newest[:count])


def _required(
    held: Sequence[RetentionCandidate], decisions: Mapping[str, Decision]
) -> Iterator[tuple[RetentionCandidate, str]]:
    """Releases that would go, but are required by one that is kept; and who requires them."""
    going = {one.release.tag: one for one in held if decisions[one.release.tag].goes}
    provided = _Provided(list(going.values()))
    waiting = [one for one in held if not decisions[one.release.tag].goes]
    while waiting and going:
        keeper = waiting.pop()
        for tag in sorted(provided.pinned_by(keeper)):
            if one := going.pop(tag, None):
                yield one, keeper.release.tag
                # What is kept now keeps what it requires itself.
                waiting.append(one)


class _Provided:
    """What some releases provide, to be found by what pins it."""

    def __init__(self, held: Sequence[RetentionCandidate]) -> None:
        self._versions: dict[str, dict[Version, set[str]]] = defaultdict(lambda: defaultdict(set))
        self._files: dict[str, set[str]] = defaultdict(set)
        for one in held:
            if one.manifest is None:
                continue
            version_of = _version(one.manifest.version)
            for artifact in one.manifest.artifacts.values():
                self._files[artifact.filename].add(one.release.tag)
                if artifact.package and version_of:
                    name = canonicalize_name(artifact.package)
                    self._versions[name][version_of].add(one.release.tag)

    def pinned_by(self, keeper: RetentionCandidate) -> set[str]:
        """The tags of those of which a wheel of another release pins something."""
        if keeper.manifest is None:
            return set()
        # The wheels of a release require much the same.
        texts = {text for one in keeper.manifest.artifacts.values() for text in one.requires}
        return set().union(*map(self._pinned, texts))

    def _pinned(self, text: str) -> set[str]:
        """The tags of those that a requirement pins, by a version or by the URL of a file."""
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
    """The day of a nightly's tag; None of any other."""
    return version.day(version.of_tag(tag) or "")
