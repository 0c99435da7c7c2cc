"""Versions: their kinds and tags."""

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
def test_a_version_has_a_kind_and_a_tag(text: str, kind: str, tag: str) -> None:
    assert version.kind(text) == kind
    assert version.tag_of(text) == tag
    assert version.of_tag(tag) == text


@pytest.mark.parametrize("text", ["v3.14.0", "3.14.0-rc1", "03.14", "latest", "", "20261122.01"])
def test_another_spelling_is_refused(text: str) -> None:
    """Catches: one release with two names."""
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
def test_other_tags_have_no_version(tag: str) -> None:
    """Catches: a purge that removes tags of other projects."""
    assert version.of_tag(tag) is None


@given(st.dates(date(1000, 1, 1)), st.integers(1, 10**6))
def test_the_version_of_a_nightly_contains_its_day(day: date, number: int) -> None:
    assert version.day(version.nightly(day, number)) == day


@given(st.text(max_size=30))
def test_any_text_can_be_parsed_as_a_tag(tag: str) -> None:
    """Catches: an unusual tag in a repository that ends a command with a traceback."""
    for prefix in ("", "v", "candidate-"):
        found = version.of_tag(prefix + tag)
        assert found is None or version.tag_of(found) == prefix + tag
