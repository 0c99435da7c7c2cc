"""Tests of retries: how often, and after which delays."""

from __future__ import annotations

import pytest

from release.hosting.retry import VARIABLE, RetryPolicy, TransientError
from release.model.errors import RemoteError, UsageError


class Remote:
    """A remote that fails several times, then answers."""

    def __init__(self, *failures: TransientError) -> None:
        self.failures = list(failures)
        self.calls = 0
        self.slept: list[float] = []
        self.messages: list[str] = []

    def __call__(self) -> str:
        self.calls += 1
        if self.failures:
            raise self.failures.pop(0)
        return "answer"

    def retry_policy(self, attempts: int = 4, first_delay: float = 1.0) -> RetryPolicy:
        return RetryPolicy(
            attempts,
            first_delay,
            max_retry_after=100,
            sleep=self.slept.append,
            notify=self.messages.append,
        )


def test_transient_errors_are_retried_with_growing_delays() -> None:
    remote = Remote(*(TransientError("GitHub answers 502") for _ in range(3)))
    assert remote.retry_policy().call("listing", remote) == "answer"
    assert len(remote.slept) == 3
    for number, seconds in enumerate(remote.slept):
        assert 2**number <= seconds <= 2**number + 1, "delays double, plus jitter"
    assert remote.messages[0].startswith("GitHub answers 502 when listing; retrying in ")


def test_after_the_last_attempt_the_message_says_how_to_resume() -> None:
    remote = Remote(*(TransientError("GitHub answers 502") for _ in range(9)))
    with pytest.raises(RemoteError) as error:
        remote.retry_policy().call("listing", remote)
    assert str(error.value) == "GitHub answers 502 when listing; run the command again to resume"
    assert remote.calls == 4


def test_a_delay_that_the_remote_asks_for_is_honoured() -> None:
    """Catches: a rate limit that is answered with an earlier retry."""
    remote = Remote(TransientError("limit", retry_after=42), TransientError("limit", retry_after=0))
    remote.retry_policy().call("listing", remote)
    assert remote.slept == [42, 0]


def test_too_long_a_delay_fails_at_once_and_says_when_to_resume() -> None:
    remote = Remote(TransientError("limit", retry_after=1800))
    with pytest.raises(RemoteError, match="run the command again in 30 minutes to resume"):
        remote.retry_policy().call("listing", remote)
    assert (remote.calls, remote.slept) == (1, [])


def test_other_errors_are_not_retried() -> None:
    def fail() -> None:
        remote()
        raise ValueError("wrong")

    remote = Remote()
    with pytest.raises(ValueError, match="wrong"):
        remote.retry_policy().call("listing", fail)
    assert remote.calls == 1


def test_the_environment_can_set_the_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "3:0.5:9")
    retry_policy = RetryPolicy.from_environment()
    assert (retry_policy.attempts, retry_policy.first_delay, retry_policy.timeout) == (3, 0.5, 9)
    monkeypatch.setenv(VARIABLE, "often")
    with pytest.raises(UsageError, match="write TRIES:SECONDS:TIMEOUT"):
        RetryPolicy.from_environment()
    monkeypatch.delenv(VARIABLE)
    assert RetryPolicy.from_environment() == RetryPolicy()
