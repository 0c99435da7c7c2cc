"""What a person says of a release by a line in its notes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release.model import marks
from release.model.marks import Marks


@pytest.mark.parametrize(
    ("notes", "expected"),
    [
        ("", Marks()),
        ("Pinned: measured with it", Marks(pinned="measured with it")),
        ("# Notes\r\n\r\nYANKED: wrong numbers\r\n", Marks(yanked="wrong numbers")),
        ("**Pinned:** because", Marks(pinned="because")),
        ("> Pinned: because", Marks(pinned="because")),
        ("Pinned:", Marks(pinned="")),
        ("Pinned: a\nYanked: b\nPinned: c", Marks(pinned="a", yanked="b")),
    ],
)
def test_a_line_of_its_own_marks(notes: str, expected: Marks) -> None:
    assert marks.read(notes) == expected


@pytest.mark.parametrize(
    "notes",
    [
        "- abc1234 fix Pinned: versions",
        "This one is pinned: no",
        "```\nPinned: in code\n```\n",
        "| Pinned: | x |",
        "- Yanked: by a commit's subject",
    ],
)
def test_words_elsewhere_do_not(notes: str) -> None:
    """Catches: a commit's subject in the notes that pins its release, or yanks it."""
    assert marks.read(notes) == Marks()


@given(st.text())
def test_any_notes_can_be_read(notes: str) -> None:
    marks.read(notes)
