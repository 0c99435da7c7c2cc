"""Versions, what kind each is, and the tags that stand for them."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release.model import version
from release.model.errors import UsageError


@pytest.mark.parametrize(
    ("text", "kind", "tag"),
    [
        ("20261122.1", "nightly", "candidate-20261122.1"),
        ("20261122.12", "nightly", "candidate-20261122.12"),
        ("3.14.0rc20261122", "candidate", "v3.14.0rc20261122"),
        ("3.14.0", "stable", "v3.14.0"),
        ("3.14.0.post1", "stable", "v3.14.0.post1"),
        ("0.dev0", "development", "v0.dev0"),
        ("3.14.0+abc.1", "development", "v3.14.0+abc.1"),
        ("20261399.1", "stable", "v20261399.1"),
    ],
)
def test_a_version_is_of_a_kind_and_has_a_tag(text: str, kind: str, tag: str) -> None:
    assert version.kind(text) == kind
    assert version.tag_of(text) == tag
    assert version.of_tag(tag) == text


@pytest.mark.parametrize("text", ["v3.14.0", "3.14.0-rc1", "03.14", "latest", "", "20261122.01"])
def test_another_spelling_is_refused(text: str) -> None:
    """Catches: two names for one release."""
    with pytest.raises(UsageError, match="not a version in canonical form"):
        version.kind(text)


@pytest.mark.parametrize(
    "tag",
    [
        "latest-snapshot",
        "3.14.0",
        "candidate-3.14.0",
        "v20261122.1",
        "candidate-",
        "vx",
        "v1.0-rc1",
    ],
)
def test_tags_of_others_stand_for_no_version(tag: str) -> None:
    """Catches: a purge that takes what is not ours."""
    assert version.of_tag(tag) is None


@given(st.dates(date(1000, 1, 1)), st.integers(1, 10**6))
def test_a_nightly_knows_its_day(day: date, number: int) -> None:
    assert version.day(version.nightly(day, number)) == day


@given(st.text(max_size=30))
def test_any_tag_is_read_or_not_ours(tag: str) -> None:
    """Catches: a tag in a foreign repository that ends a verb with a traceback."""
    for prefix in ("", "v", "candidate-"):
        found = version.of_tag(prefix + tag)
        assert found is None or version.tag_of(found) == prefix + tag
