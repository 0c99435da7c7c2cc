"""Retention: which releases of a store are kept, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from release import marks, version
from release.manifest import Manifest
from release.settings import Purging
from release.store.store import Release

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
class Held:
    """A release in a store, and what its manifest says."""

    release: Release
    manifest: Manifest | None
    """None where there is none."""
    readable: bool = True
    """Whether a manifest that is there could be read."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a release, or of a tag without one."""

    tag: str
    goes: bool
    reason: Reason
    detail: str
    """In words, for a person."""
    release: Release | None = None
    """None of a tag without one."""


def decide(
    held: Sequence[Held],
    tags: Mapping[str, str],
    settings: Purging,
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
        decisions[one.release.tag] = Decision(
            one.release.tag, False, "required", f"{by}, which is kept, requires it", one.release
        )
    left = (
        Decision(tag, True, "left tag", "its release is gone")
        for tag in sorted(tags)
        if tag not in decisions and tag not in pins and _is_left(tag, settings, now)
    )
    return (*decisions.values(), *left)


def age_of(release: Release, now: datetime) -> timedelta:
    """Since it was published; of a draft, since it was made."""
    return now - (release.published or release.created)


def _decide(
    one: Held,
    settings: Purging,
    now: datetime,
    pins: frozenset[str],
    promoted: set[str | None],
    last: frozenset[str],
) -> Decision:
    release = one.release

    def kept(reason: Reason, detail: str) -> Decision:
        return Decision(release.tag, False, reason, detail, release)

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
            return Decision(release.tag, True, "abandoned draft", f"for {days} days", release)
        return kept("young", f"a draft of {days} days")
    if days < settings.after_days:
        return kept("young", f"{days} days, of {settings.after_days}")
    if release.tag in last:
        return kept("among the last", f"of {settings.keep_last}")
    return Decision(release.tag, True, "old", f"{days} days", release)


def _last(held: Sequence[Held], count: int) -> frozenset[str]:
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
    held: Sequence[Held], decisions: Mapping[str, Decision]
) -> Iterator[tuple[Held, str]]:
    """Releases that would go, but are required by one that is kept; and who requires them."""
    going = {one.release.tag: one for one in held if decisions[one.release.tag].goes}
    waiting = [one for one in held if not decisions[one.release.tag].goes]
    while waiting:
        keeper = waiting.pop()
        for tag, one in list(going.items()):
            if _requires(keeper, one):
                yield going.pop(tag), keeper.release.tag
                # What is kept now keeps what it requires itself.
                waiting.append(one)


def _requires(keeper: Held, other: Held) -> bool:
    """Whether a wheel of one release pins something of the other."""
    if keeper.manifest is None or other.manifest is None:
        return False
    provided = {
        (canonicalize_name(artifact.package), _version(other.manifest.version))
        for artifact in other.manifest.artifacts.values()
        if artifact.package
    }
    return any(
        pin in provided or url in other.manifest.artifacts
        for artifact in keeper.manifest.artifacts.values()
        for text in artifact.requires
        for pin, url in _pins(text)
    )


def _pins(text: str) -> Iterator[tuple[tuple[str, Version | None], str]]:
    """What a requirement pins: a project at a version, and the name of a file in a URL."""
    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        return
    name = canonicalize_name(requirement.name)
    if requirement.url:
        yield (name, None), requirement.url.partition("#")[0].rpartition("/")[2]
    for specifier in requirement.specifier:
        if specifier.operator in ("==", "==="):
            yield (name, _version(specifier.version)), ""


def _version(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None


def _is_left(tag: str, settings: Purging, now: datetime) -> bool:
    """Whether a tag without a release is what a purge left that was killed, or a night."""
    own = version.of_tag(tag)
    day = version.day(own) if own else None
    return day is not None and (now.date() - day).days >= settings.drafts_after_days
