"""Expressions have the same values as on GitHub."""

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
def test_unknown_names_and_syntax_are_errors(text: str) -> None:
    """Catches: a job that seems to be skipped because a name in its condition is misspelled."""
    with pytest.raises(ExpressionError):
        expression.evaluate(text, CONTEXTS, {})


def test_text_around_expressions_is_kept() -> None:
    text = "at ${{ needs.a.result }}/${{ inputs.n }}"
    assert expression.substitute(text, CONTEXTS, {}) == "at success/0"


@pytest.mark.parametrize(
    ("text", "expected"), [(None, False), ("inputs.n == 0", False), ("${{ !cancelled() }}", True)]
)
def test_a_condition_requires_success_unless_it_calls_a_status_function(
    text: str | None, expected: bool
) -> None:
    functions = {"success": lambda: False, "cancelled": lambda: False}
    assert expression.condition(text, CONTEXTS, functions) is expected
