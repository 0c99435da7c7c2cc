"""RetryPolicy: how often a remote is asked again, and how long after."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import tenacity
from rich.console import Console
from tenacity import RetryCallState, Retrying
from tenacity.stop import stop_base

from release.model import terminal
from release.model.errors import RemoteError, UsageError

VARIABLE = "IREE_RELEASE_PATIENCE"
"""TRIES:SECONDS:TIMEOUT in the environment: for tests, and for whoever has none."""

Answer = TypeVar("Answer")


class TransientError(Exception):
    """A failure that may pass; the message says in a few words what the remote did."""

    def __init__(self, message: str, after: float | None = None) -> None:
        """A failure.

        Args:
          message: what the remote did, such as "GitHub answers 502".
          after: in how many seconds it wants to be asked again, where it says so.
        """
        super().__init__(message)
        self.after = after


def _tell(line: str) -> None:
    terminal.say(Console(stderr=True), line, "yellow")


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often something is tried."""

    tries: int = 7
    first: float = 1.0
    """Seconds before the second try; then twice as many each time, and as much again by chance."""
    longest: float = 60.0
    """Seconds, at most, between two tries when the remote does not say."""
    bearable: float = 900.0
    """Seconds that a remote may ask to wait."""
    timeout: int = 60
    """Seconds without a sign of the remote, after which a request has failed."""
    pace: tuple[float, float] = (0.25, 1.0)
    """Seconds between two requests, and between two that write: GitHub asks for it."""
    sleep: Callable[[float], None] = time.sleep
    tell: Callable[[str], None] = _tell
    """Is given a line before each wait."""

    @classmethod
    def from_environment(cls) -> RetryPolicy:
        """The usual one, or what VARIABLE says.

        Raises:
          UsageError: it is not of that form.
        """
        text = os.environ.get(VARIABLE)
        if not text:
            return cls()
        try:
            tries, first, timeout = text.split(":")
            return cls(
                max(1, int(tries)), float(first), bearable=60, timeout=int(timeout), pace=(0, 0)
            )
        except ValueError:
            raise UsageError(
                f"{VARIABLE}={text}: write TRIES:SECONDS:TIMEOUT, such as 7:1:60"
            ) from None

    def ask(self, what: str, do: Callable[[], Answer]) -> Answer:
        """Does something until it does not fail in a way that may pass.

        Args:
          what: what is done, for messages: "listing the releases".
          do: looks at what is before it changes anything, for it may have been done already.

        Raises:
          RemoteError: it failed too often, or is to be done much later.
        """
        backing_off = tenacity.wait_exponential_jitter(
            multiplier=self.first, max=self.longest, jitter=self.first
        )

        def wait(state: RetryCallState) -> float:
            after = _failure(state).after
            return backing_off(state) if after is None else after

        def before(state: RetryCallState) -> None:
            self.tell(
                f"{_failure(state)}, when {what}; trying again in {state.upcoming_sleep:.0f} s"
            )

        trying = Retrying(
            retry=tenacity.retry_if_exception_type(TransientError),
            stop=tenacity.stop_after_attempt(self.tries) | _WaitTooLong(self.bearable),
            wait=wait,
            sleep=self.sleep,
            before_sleep=before,
            reraise=True,
        )
        try:
            return trying(do)
        except TransientError as error:
            later = f" in {error.after / 60:.0f} minutes" if error.after else ""
            raise RemoteError(
                f"{error}, when {what}; run this again{later}, and it goes on"
            ) from None


class _WaitTooLong(stop_base):
    """Stops when the remote asks to wait too long."""

    def __init__(self, bearable: float) -> None:
        self._bearable = bearable

    def __call__(self, retry_state: RetryCallState) -> bool:
        return (_failure(retry_state).after or 0) > self._bearable


def _failure(state: RetryCallState) -> TransientError:
    assert state.outcome
    error = state.outcome.exception()
    assert isinstance(error, TransientError)
    return error
