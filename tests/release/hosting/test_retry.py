"""How often a remote is asked again, and how long after."""

from __future__ import annotations

import pytest

from release.hosting.retry import VARIABLE, RetryPolicy, TransientError
from release.model.errors import RemoteError, UsageError


class Remote:
    """Fails some times, then answers."""

    def __init__(self, *failures: TransientError) -> None:
        self.failures = list(failures)
        self.asked = 0
        self.slept: list[float] = []
        self.told: list[str] = []

    def __call__(self) -> str:
        self.asked += 1
        if self.failures:
            raise self.failures.pop(0)
        return "answer"

    def patience(self, tries: int = 4, first: float = 1.0) -> RetryPolicy:
        return RetryPolicy(
            tries, first, bearable=100, sleep=self.slept.append, tell=self.told.append
        )


def test_what_passes_is_asked_again_later_and_later() -> None:
    remote = Remote(*(TransientError("GitHub answers 502") for _ in range(3)))
    assert remote.patience().ask("listing", remote) == "answer"
    assert len(remote.slept) == 3
    for number, seconds in enumerate(remote.slept):
        assert 2**number <= seconds <= 2**number + 1, "twice as long, and some more by chance"
    assert remote.told[0].startswith("GitHub answers 502, when listing; trying again in ")


def test_after_the_last_try_it_says_that_a_rerun_goes_on() -> None:
    remote = Remote(*(TransientError("GitHub answers 502") for _ in range(9)))
    with pytest.raises(RemoteError) as error:
        remote.patience().ask("listing", remote)
    assert str(error.value) == "GitHub answers 502, when listing; run this again, and it goes on"
    assert remote.asked == 4


def test_a_wish_of_the_remote_is_honoured() -> None:
    """Catches: a rate limit that is answered by asking sooner."""
    remote = Remote(TransientError("limit", after=42), TransientError("limit", after=0))
    remote.patience().ask("listing", remote)
    assert remote.slept == [42, 0]


def test_a_wish_that_is_too_long_ends_it_at_once_and_says_when() -> None:
    remote = Remote(TransientError("limit", after=1800))
    with pytest.raises(RemoteError, match="run this again in 30 minutes, and it goes on"):
        remote.patience().ask("listing", remote)
    assert (remote.asked, remote.slept) == (1, [])


def test_other_errors_are_not_tried_again() -> None:
    def wrong() -> None:
        remote()
        raise ValueError("wrong")

    remote = Remote()
    with pytest.raises(ValueError, match="wrong"):
        remote.patience().ask("listing", wrong)
    assert remote.asked == 1


def test_the_environment_may_say_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "3:0.5:9")
    patience = RetryPolicy.from_environment()
    assert (patience.tries, patience.first, patience.timeout) == (3, 0.5, 9)
    monkeypatch.setenv(VARIABLE, "often")
    with pytest.raises(UsageError, match="write TRIES:SECONDS:TIMEOUT"):
        RetryPolicy.from_environment()
    monkeypatch.delenv(VARIABLE)
    assert RetryPolicy.from_environment() == RetryPolicy()
