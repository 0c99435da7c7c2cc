"""Marks: lines in the notes that pin or yank a release."""

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
def test_a_line_by_itself_is_a_mark(notes: str, expected: Marks) -> None:
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
def test_other_text_is_not_a_mark(notes: str) -> None:
    """Catches: the subject of a commit in the notes that pins or yanks the release."""
    assert marks.read(notes) == Marks()


@given(st.text())
def test_any_notes_can_be_read(notes: str) -> None:
    marks.read(notes)
