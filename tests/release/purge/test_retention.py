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
SETTINGS = PurgeSettings(after_days=184, drafts_after_days=14, keep_last=1)


def manifest(version: str, *requires: str, promoted_from: str | None = None) -> Manifest:
    name = f"iree_runtime-{version}-py3-none-any.whl"
    artifact = Artifact(
        name, "wheel", "any", "00" * 32, 1, (), package="iree-runtime", requires=requires
    )
    return Manifest(version, {name: artifact}, promoted_from=promoted_from)


def held(
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


NEWEST = held("candidate-20261124.1", 1)
OLD = "candidate-20260101.1"


def reason(*others: RetentionCandidate, tags: dict[str, str] | None = None, tag: str = OLD) -> str:
    """Why OLD is kept, or goes."""
    decisions = retention.decide([NEWEST, *others], tags or {}, SETTINGS, now=NOW)
    (one,) = [decision for decision in decisions if decision.tag == tag]
    return f"{'goes' if one.goes else 'kept'}: {one.reason}"


def test_an_old_prerelease_goes() -> None:
    assert reason(held(OLD, 184)) == "goes: old"
    assert reason(held(OLD, 183)) == "kept: young"


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (held("v3.13.0", 900, stable=True), "kept: stable"),
        (held(OLD, 900, notes="Pinned: a paper cites it"), "kept: pinned"),
        (held(OLD, 900, readable=False), "kept: unreadable"),
        (held("my-own-tag", 900), "kept: not ours"),
        (held(OLD, 900, draft=True), "goes: abandoned draft"),
        (held(OLD, 13, draft=True), "kept: young"),
        (held(OLD, 900, draft=True, notes="Pinned: later"), "kept: pinned"),
    ],
)
def test_some_are_kept_whatever_their_age(one: RetentionCandidate, expected: str) -> None:
    assert reason(one, tag=one.release.tag) == expected


def test_what_was_promoted_is_kept() -> None:
    """Catches: a stable release whose candidate, and with it its evidence, is gone."""
    promoted = held("v3.14.0", 900, stable=True, promoted_from=OLD)
    assert reason(held(OLD, 900), promoted) == "kept: promoted"


def test_the_last_ones_are_kept_though_nothing_new_came() -> None:
    """Catches: a project that rests for half a year, and has no release any more."""
    decisions = retention.decide([held(OLD, 900)], {}, SETTINGS, now=NOW)
    assert [(one.goes, one.reason) for one in decisions] == [(False, "among the last")]


def test_settings_and_options_pin() -> None:
    pinned = PurgeSettings(184, 14, 1, pinned=(OLD,))
    assert not retention.decide([NEWEST, held(OLD, 900)], {}, pinned, now=NOW)[1].goes
    named = retention.decide([NEWEST, held(OLD, 900)], {}, SETTINGS, now=NOW, pinned=[OLD])
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
        ("iree-runtime==20260102.*", "goes: old"),
        ("iree-runtime!=20260101.1", "goes: old"),
        ("iree-runtime>=20260101.1", "goes: old"),
        ("iree-runtime==20260101.2", "goes: old"),
        ("other==20260101.1", "goes: old"),
        ("not a requirement", "goes: old"),
    ],
)
def test_what_a_kept_release_pins_is_kept(requirement: str, expected: str) -> None:
    keeper = held("candidate-20261120.1", 5, requirement)
    assert reason(held(OLD, 900), keeper) == expected


def test_what_is_kept_for_another_keeps_what_it_pins_itself() -> None:
    """Catches: a chain of pins of which only the first link is kept."""
    chain = (
        held("candidate-20261120.1", 5, "iree-runtime==20260101.2"),
        held("candidate-20260101.2", 900, "iree-runtime==20260101.1"),
        held(OLD, 900),
    )
    assert reason(*chain) == "kept: required"


def test_nothing_old_goes_while_a_manifest_that_may_require_it_cannot_be_read() -> None:
    """Catches: a candidate that goes, since a program of today cannot read the manifest of the
    stable release that was made of it."""
    unread = held("v3.14.0", 900, stable=True, readable=False)
    assert reason(held(OLD, 900), unread) == "kept: unreadable"
    assert reason(held(OLD, 900, draft=True), unread) == "goes: abandoned draft"


def test_what_an_old_release_pins_is_not_kept_for_it() -> None:
    other = held("candidate-20260102.1", 900, "iree-runtime==20260101.1")
    assert reason(held(OLD, 900), other) == "goes: old"


def test_tags_that_were_left_go_and_those_of_others_stay() -> None:
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
    assert not any(one.goes for one in pinned)


def test_a_draft_is_as_old_as_its_night_and_not_as_its_commit() -> None:
    """Catches: on GitHub, whose drafts are dated as their commits, a draft of an old commit that
    goes in the night that made it."""
    assert reason(held(OLD, 900, draft=True)) == "goes: abandoned draft"
    tonight = held("candidate-20261120.1", 900, draft=True)
    assert reason(tonight, tag=tonight.release.tag) == "kept: young"
    in_a_century = held("candidate-21261120.1", 900, draft=True)
    assert reason(in_a_century, tag=in_a_century.release.tag) == "goes: abandoned draft"


def test_a_thousand_releases_are_decided_on_at_once() -> None:
    """Catches: comparing all requirements of each release with each other, which takes hours."""
    many = []
    for number in range(1000):
        one = held(f"candidate-20260101.{number + 1}", number)
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
    began = time.monotonic()
    decisions = retention.decide(many, {}, SETTINGS, now=NOW)
    assert sum(one.goes for one in decisions) == 1000 - 184
    assert time.monotonic() - began < 20


RELEASES = st.lists(
    st.builds(
        held,
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
def test_what_must_never_go_never_goes(
    releases: list[RetentionCandidate], days: int, last: int
) -> None:
    settings = PurgeSettings(days, 14, last)
    decisions = retention.decide(releases, {}, settings, now=NOW)
    assert len(decisions) == len(releases)
    going = {one.tag for one in decisions if one.goes}
    said = [one.manifest for one in releases if one.manifest]
    assert going.isdisjoint({one.promoted_from for one in said})
    published = sorted(
        (
            one.release
            for one in releases
            if one.release.prerelease and not one.release.draft and one.release.tag != "other"
        ),
        key=lambda one: one.created,
    )
    for one in releases:
        if one.release.tag in going:
            assert one.release.draft or one.release.prerelease
            assert not one.release.notes
            assert one.readable
            assert one.release.tag != "other"
            assert one.release not in published[-last:] or one.release.draft


@given(RELEASES, st.integers(1, 400))
def test_nothing_that_is_kept_pins_what_goes(releases: list[RetentionCandidate], days: int) -> None:
    """Catches: a release that is kept, and can no longer be installed."""
    decisions = retention.decide(releases, {}, PurgeSettings(days, 14, 1), now=NOW)
    gone = {
        f"iree-runtime=={one.manifest.version}"
        for one, decision in zip(releases, decisions, strict=True)
        if decision.goes and one.manifest
    }
    for one, decision in zip(releases, decisions, strict=True):
        if not decision.goes and one.manifest:
            for artifact in one.manifest.artifacts.values():
                assert gone.isdisjoint(artifact.requires)


@given(RELEASES, st.integers(1, 400), st.integers(1, 5))
def test_keeping_longer_never_purges_more(
    releases: list[RetentionCandidate], days: int, last: int
) -> None:
    def going(settings: PurgeSettings) -> set[str]:
        decisions = retention.decide(releases, {}, settings, now=NOW)
        return {one.tag for one in decisions if one.goes}

    less = going(PurgeSettings(days, 14, last))
    assert going(PurgeSettings(days + 30, 14, last)) <= less
    assert going(PurgeSettings(days, 14, last + 1)) <= less
