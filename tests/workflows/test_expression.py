"""Expressions mean here what they mean to GitHub."""

from __future__ import annotations

from typing import Any

import pytest

from tests.workflows import expression
from tests.workflows.expression import ExpressionError

CONTEXTS = {"needs": {"a": {"result": "success"}, "b-c": {"result": "failure"}}, "inputs": {"n": 0}}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("needs.a.result == 'Success'", True),
        ("needs.b-c.result != 'success' && 'windows' || ''", "windows"),
        ("needs.a.result != 'success' && 'windows' || ''", ""),
        ("!(needs.a.result == 'success') || inputs.n == 0", True),
        ("format('{0},{1}', 'it''s', inputs.n)", "it's,0"),
        ("true && null", None),
    ],
)
def test_values(text: str, value: Any) -> None:
    assert expression.evaluate(text, CONTEXTS, {}) == value


@pytest.mark.parametrize(
    "text",
    ["needs.d.result", "hash('x')", "1 +", "'a' 'b'", "(needs.a.result", "needs.a.result =="],
)
def test_what_is_not_known_is_refused(text: str) -> None:
    """Catches: a job that seems to be skipped, since a name in its condition is misspelt."""
    with pytest.raises(ExpressionError):
        expression.evaluate(text, CONTEXTS, {})


def test_text_around_expressions_stays() -> None:
    text = "at ${{ needs.a.result }}/${{ inputs.n }}"
    assert expression.substitute(text, CONTEXTS, {}) == "at success/0"


@pytest.mark.parametrize(
    ("text", "holds"), [(None, False), ("inputs.n == 0", False), ("${{ !cancelled() }}", True)]
)
def test_a_condition_wants_success_unless_it_asks_for_the_status(
    text: str | None, holds: bool
) -> None:
    functions = {"success": lambda: False, "cancelled": lambda: False}
    assert expression.condition(text, CONTEXTS, functions) is holds
