"""RetryPolicy: how often a request to a remote is retried, and with which delays."""

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
"""Environment variable TRIES:SECONDS:TIMEOUT, for tests and for impatient users."""

Result = TypeVar("Result")


class TransientError(Exception):
    """A failure that may go away; the message describes in a few words what the remote did."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        """A failure.

        Args:
          message: what the remote did, such as "GitHub answers 502".
          retry_after: the delay in seconds that the remote asks for, if it does.
        """
        super().__init__(message)
        self.retry_after = retry_after


def _print(message: str) -> None:
    terminal.say(Console(stderr=True), message, "yellow")


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often, and after which delays, an operation is retried."""

    attempts: int = 7
    first_delay: float = 1.0
    """Seconds before the second attempt; doubles each time, plus as much jitter."""
    max_delay: float = 60.0
    """Maximum seconds between two attempts, unless the remote names a delay."""
    max_retry_after: float = 900.0
    """Maximum delay, in seconds, that a remote may ask for."""
    timeout: int = 60
    """Seconds without any response after which a request fails."""
    pace: tuple[float, float] = (0.25, 1.0)
    """Seconds between two requests, and between two writes, as GitHub asks of its clients."""
    sleep: Callable[[float], None] = time.sleep
    notify: Callable[[str], None] = _print
    """Called with a message before each delay."""

    @classmethod
    def from_environment(cls) -> RetryPolicy:
        """The default policy, or the one that VARIABLE sets.

        Raises:
          UsageError: the variable is malformed.
        """
        text = os.environ.get(VARIABLE)
        if not text:
            return cls()
        try:
            attempts, first_delay, timeout = text.split(":")
            return cls(
                max(1, int(attempts)),
                float(first_delay),
                max_retry_after=60,
                timeout=int(timeout),
                pace=(0, 0),
            )
        except ValueError:
            raise UsageError(
                f"{VARIABLE}={text}: write TRIES:SECONDS:TIMEOUT, such as 7:1:60"
            ) from None

    def call(self, action: str, operation: Callable[[], Result]) -> Result:
        """Calls an operation until it no longer fails with a TransientError.

        Args:
          action: what the operation does, for messages: "listing the releases".
          operation: called once per attempt. It must check the current state before it changes
            anything, since an earlier attempt may have succeeded.

        Raises:
          RemoteError: all attempts failed, or the remote asks for too long a delay.
        """
        backoff = tenacity.wait_exponential_jitter(
            multiplier=self.first_delay, max=self.max_delay, jitter=self.first_delay
        )

        def wait(state: RetryCallState) -> float:
            retry_after = _failure(state).retry_after
            return backoff(state) if retry_after is None else retry_after

        def before_sleep(state: RetryCallState) -> None:
            self.notify(
                f"{_failure(state)} when {action}; retrying in {state.upcoming_sleep:.0f} s"
            )

        retrying = Retrying(
            retry=tenacity.retry_if_exception_type(TransientError),
            stop=tenacity.stop_after_attempt(self.attempts) | _DelayTooLong(self.max_retry_after),
            wait=wait,
            sleep=self.sleep,
            before_sleep=before_sleep,
            reraise=True,
        )
        try:
            return retrying(operation)
        except TransientError as error:
            delay = f" in {error.retry_after / 60:.0f} minutes" if error.retry_after else ""
            raise RemoteError(
                f"{error} when {action}; run the command again{delay} to resume"
            ) from None


class _DelayTooLong(stop_base):
    """Stops when the remote asks for too long a delay."""

    def __init__(self, max_retry_after: float) -> None:
        self._max_retry_after = max_retry_after

    def __call__(self, retry_state: RetryCallState) -> bool:
        return (_failure(retry_state).retry_after or 0) > self._max_retry_after


def _failure(state: RetryCallState) -> TransientError:
    assert state.outcome
    error = state.outcome.exception()
    assert isinstance(error, TransientError)
    return error
