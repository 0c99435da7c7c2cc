"""How a smoke test ends early: it fails, it cannot be run, or it is interrupted."""

from __future__ import annotations


class SmokeTestError(Exception):
    """A smoke test failed; the message is one sentence, with the end of the program's output."""


class NotRunError(Exception):
    """A smoke test cannot be run; the message is half a sentence that reads after "not run: "."""


class InterruptedTestError(Exception):
    """All smoke tests were interrupted, which gives no verdict."""
