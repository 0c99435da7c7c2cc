"""Which releases are kept, and why."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release.hosting.store import StoredRelease
from release.model.manifest import Artifact, Manifest
from release.model.settings import PurgeSettings
from release.purge import retention
from release.purge.retention import RetentionCandidate

NOW = datetime(2026, 11, 25, tzinfo=UTC)
SETTINGS = PurgeSettings(after_days=184, drafts_after_days=14, keep_last=1, pinned=())


def manifest(version: str, *requires: str, promoted_from: str | None = None) -> Manifest:
    name = f"iree_runtime-{version}-py3-none-any.whl"
    artifact = Artifact(
        name, "wheel", "any", "00" * 32, 1, (), package="iree-runtime", requires=requires
    )
    return Manifest(version, {name: artifact}, promoted_from=promoted_from)


def candidate(
    tag: str,
    days: int,
    *requires: str,
    draft: bool = False,
    stable: bool = False,
    notes: str = "",
    promoted_from: str | None = None,
    readable: bool = True,
) -> RetentionCandidate:
    then = NOW - timedelta(days=days)
    release = StoredRelease(tag, "", notes, draft, not stable, then, None if draft else then)
    version = tag.removeprefix("candidate-").removeprefix("v")
    known = manifest(version, *requires, promoted_from=promoted_from) if readable else None
    return RetentionCandidate(release, known, readable)


NEWEST = candidate("candidate-20261124.1", 1)
OLD = "candidate-20260101.1"


def reason(*others: RetentionCandidate, tags: dict[str, str] | None = None, tag: str = OLD) -> str:
    """Why a release is kept or removed."""
    decisions = retention.decide([NEWEST, *others], tags or {}, SETTINGS, now=NOW)
    (one,) = [decision for decision in decisions if decision.tag == tag]
    return f"{'removed' if one.remove else 'kept'}: {one.reason}"


def test_an_old_prerelease_is_removed() -> None:
    assert reason(candidate(OLD, 184)) == "removed: old"
    assert reason(candidate(OLD, 183)) == "kept: young"


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (candidate("v3.13.0", 900, stable=True), "kept: stable"),
        (candidate(OLD, 900, notes="Pinned: a paper cites it"), "kept: pinned"),
        (candidate(OLD, 900, readable=False), "kept: unreadable"),
        (candidate("my-own-tag", 900), "kept: not ours"),
        (candidate(OLD, 900, draft=True), "removed: abandoned draft"),
        (candidate(OLD, 13, draft=True), "kept: young"),
        (candidate(OLD, 900, draft=True, notes="Pinned: later"), "kept: pinned"),
    ],
)
def test_age_is_not_the_only_criterion(one: RetentionCandidate, expected: str) -> None:
    assert reason(one, tag=one.release.tag) == expected


def test_a_promoted_candidate_is_kept() -> None:
    """Catches: a stable release without its candidate, and so without its evidence."""
    promoted = candidate("v3.14.0", 900, stable=True, promoted_from=OLD)
    assert reason(candidate(OLD, 900), promoted) == "kept: promoted"


def test_the_newest_releases_are_kept_at_any_age() -> None:
    """Catches: a project without any release after half a year without development."""
    decisions = retention.decide([candidate(OLD, 900)], {}, SETTINGS, now=NOW)
    assert [(one.remove, one.reason) for one in decisions] == [(False, "among the last")]


def test_what_is_kept_because_of_an_unreadable_manifest_keeps_what_it_requires() -> None:
    """Catches: an old release that is kept for this reason alone, and loses what it requires."""
    unreadable = candidate("candidate-20261123.1", 2, readable=False)
    keeper = candidate("candidate-20260102.1", 300, "iree-runtime==20260101.1")
    required = candidate(OLD, 900, draft=True)
    assert reason(required, keeper, unreadable, tag=keeper.release.tag) == "kept: unreadable"
    assert reason(required, keeper, unreadable) == "kept: required"


def test_settings_and_options_can_pin() -> None:
    pinned = PurgeSettings(184, 14, 1, pinned=(OLD,))
    assert not retention.decide([NEWEST, candidate(OLD, 900)], {}, pinned, now=NOW)[1].remove
    named = retention.decide([NEWEST, candidate(OLD, 900)], {}, SETTINGS, now=NOW, pinned=[OLD])
    assert named[1].reason == "pinned"


@pytest.mark.parametrize(
    ("requirement", "expected"),
    [
        ("iree-runtime==20260101.1", "kept: required"),
        ("IREE_Runtime[extra] == 20260101.1 ; python_version > '3'", "kept: required"),
        ("iree-runtime===20260101.1", "kept: required"),
        ("iree-runtime @ https://x/iree_runtime-20260101.1-py3-none-any.whl#a", "kept: required"),
        ("iree-runtime==20260101.*", "kept: required"),
        ("iree-runtime @ https://x/iree%5Fruntime-20260101.1-py3-none-any.whl?a", "kept: required"),
        ("iree-runtime==20260102.*", "removed: old"),
        ("iree-runtime!=20260101.1", "removed: old"),
        ("iree-runtime>=20260101.1", "removed: old"),
        ("iree-runtime==20260101.2", "removed: old"),
        ("other==20260101.1", "removed: old"),
        ("not a requirement", "removed: old"),
    ],
)
def test_the_requirements_of_a_kept_release_are_kept(requirement: str, expected: str) -> None:
    keeper = candidate("candidate-20261120.1", 5, requirement)
    assert reason(candidate(OLD, 900), keeper) == expected


def test_requirements_are_kept_transitively() -> None:
    """Catches: keeping only the first link in a chain of pins."""
    chain = (
        candidate("candidate-20261120.1", 5, "iree-runtime==20260101.2"),
        candidate("candidate-20260101.2", 900, "iree-runtime==20260101.1"),
        candidate(OLD, 900),
    )
    assert reason(*chain) == "kept: required"


def test_no_old_release_is_removed_while_a_manifest_cannot_be_read() -> None:
    """Catches: removing a candidate because an older program cannot read the manifest of the stable
    release that was promoted from it."""
    unread = candidate("v3.14.0", 900, stable=True, readable=False)
    assert reason(candidate(OLD, 900), unread) == "kept: unreadable"
    assert reason(candidate(OLD, 900, draft=True), unread) == "removed: abandoned draft"


def test_the_requirements_of_a_removed_release_are_not_kept() -> None:
    other = candidate("candidate-20260102.1", 900, "iree-runtime==20260101.1")
    assert reason(candidate(OLD, 900), other) == "removed: old"


def test_orphaned_nightly_tags_are_removed_and_other_tags_are_kept() -> None:
    tags = {
        "candidate-20260103.1": "a",
        "candidate-20261124.9": "a",
        "v1.0.0": "a",
        "latest": "a",
        NEWEST.release.tag: "a",
    }
    decisions = retention.decide([NEWEST], tags, SETTINGS, now=NOW)
    assert {one.tag: one.reason for one in decisions} == {
        "candidate-20260103.1": "left tag",
        "candidate-20261124.9": "young",
        NEWEST.release.tag: "young",
    }
    pinned = retention.decide([NEWEST], tags, SETTINGS, now=NOW, pinned=["candidate-20260103.1"])
    assert not any(one.remove for one in pinned)


def test_the_age_of_a_draft_is_that_of_its_nightly_and_not_of_its_commit() -> None:
    """Catches: removing a new draft of an old commit on GitHub, which dates drafts by their
    commit."""
    assert reason(candidate(OLD, 900, draft=True)) == "removed: abandoned draft"
    recent = candidate("candidate-20261120.1", 900, draft=True)
    assert reason(recent, tag=recent.release.tag) == "kept: young"
    in_a_century = candidate("candidate-21261120.1", 900, draft=True)
    assert reason(in_a_century, tag=in_a_century.release.tag) == "removed: abandoned draft"


def test_a_thousand_releases_are_decided_in_seconds() -> None:
    """Catches: comparing all requirements of all releases with each other, which takes hours."""
    many = []
    for number in range(1000):
        one = candidate(f"candidate-20260101.{number + 1}", number)
        wheels = {
            f"{python}.whl": Artifact(
                f"{python}.whl", "wheel", "any", "", 1, (), "iree-runtime", requires=("numpy>=1",)
            )
            for python in range(30)
        }
        many.append(
            RetentionCandidate(
                one.release, Manifest(one.release.tag.removeprefix("candidate-"), wheels)
            )
        )
    start = time.monotonic()
    decisions = retention.decide(many, {}, SETTINGS, now=NOW)
    assert sum(one.remove for one in decisions) == 1000 - 184
    assert time.monotonic() - start < 20


RELEASES = st.lists(
    st.builds(
        candidate,
        st.sampled_from(
            [f"candidate-2026010{n}.1" for n in range(1, 9)] + ["v3.14.0", "v3.15.0rc1", "other"]
        ),
        st.integers(0, 1000),
        st.sampled_from([f"iree-runtime==2026010{n}.1" for n in range(1, 9)]),
        draft=st.booleans(),
        stable=st.booleans(),
        notes=st.sampled_from(["", "Pinned: x"]),
        promoted_from=st.sampled_from([None, None, OLD]),
        readable=st.booleans(),
    ),
    unique_by=lambda one: one.release.tag,
)


@given(RELEASES, st.integers(1, 400), st.integers(1, 5))
def test_protected_releases_are_never_removed(
    releases: list[RetentionCandidate], days: int, last: int
) -> None:
    settings = PurgeSettings(days, 14, last, ())
    decisions = retention.decide(releases, {}, settings, now=NOW)
    assert len(decisions) == len(releases)
    removed = {one.tag for one in decisions if one.remove}
    manifests = [one.manifest for one in releases if one.manifest]
    assert removed.isdisjoint({one.promoted_from for one in manifests})
    published = sorted(
        (
            one.release
            for one in releases
            if one.release.prerelease and not one.release.draft and one.release.tag != "other"
        ),
        key=lambda one: one.created,
    )
    for one in releases:
        if one.release.tag in removed:
            assert one.release.draft or one.release.prerelease
            assert not one.release.notes
            assert one.readable
            assert one.release.tag != "other"
            assert one.release not in published[-last:] or one.release.draft


@given(RELEASES, st.integers(1, 400))
def test_no_kept_release_requires_a_removed_one(
    releases: list[RetentionCandidate], days: int
) -> None:
    """Catches: a kept release that can no longer be installed."""
    decisions = retention.decide(releases, {}, PurgeSettings(days, 14, 1, ()), now=NOW)
    removed = {
        f"iree-runtime=={one.manifest.version}"
        for one, decision in zip(releases, decisions, strict=True)
        if decision.remove and one.manifest
    }
    for one, decision in zip(releases, decisions, strict=True):
        if not decision.remove and one.manifest:
            for artifact in one.manifest.artifacts.values():
                assert removed.isdisjoint(artifact.requires)


@given(RELEASES, st.integers(1, 400), st.integers(1, 5))
def test_keeping_longer_never_removes_more(
    releases: list[RetentionCandidate], days: int, last: int
) -> None:
    def removed(settings: PurgeSettings) -> set[str]:
        decisions = retention.decide(releases, {}, settings, now=NOW)
        return {one.tag for one in decisions if one.remove}

    baseline = removed(PurgeSettings(days, 14, last, ()))
    assert removed(PurgeSettings(days + 30, 14, last, ())) <= baseline
    assert removed(PurgeSettings(days, 14, last + 1, ())) <= baseline
