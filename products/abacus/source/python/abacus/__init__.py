"""Expressions in reverse Polish notation."""

from abacus._native import evaluate
from abacus.version import VERSION

__all__ = ["VERSION", "evaluate"]
