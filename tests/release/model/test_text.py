"""Numbers and lists in messages."""

from __future__ import annotations

import pytest

from release.model.text import listed, mib


@pytest.mark.parametrize(
    ("size", "digits", "text"),
    [
        (0, 1, "0.0 MiB"),
        (1 << 20, 0, "1 MiB"),
        (1_572_864, 1, "1.5 MiB"),
        (5 << 30, 0, "5,120 MiB"),
    ],
)
def test_a_size_is_shown_in_mib(size: int, digits: int, text: str) -> None:
    assert mib(size, digits) == text


@pytest.mark.parametrize(
    ("items", "text"),
    [
        ([], ""),
        (["a"], "a"),
        (["a", "b"], "a, b"),
        (["a", "b", "c"], "a, b, and 1 more"),
        ([1, 2, 3, 4], "1, 2, and 2 more"),
    ],
)
def test_a_long_list_is_cut(items: list[object], text: str) -> None:
    assert listed(items, 2) == text
