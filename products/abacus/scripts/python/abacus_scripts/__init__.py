"""Evaluates many expressions in reverse Polish notation."""

from collections.abc import Iterable

from abacus import evaluate

from abacus_scripts.version import VERSION

__all__ = ["VERSION", "total"]


def total(lines: Iterable[str]) -> list[float]:
    """The value of the expression in each line; ValueError, with a sentence, if one has none."""
    return [evaluate(line) for line in lines]
