"""What GitHub's answers mean, and that no token is ever shown."""

from __future__ import annotations

import logging
import time
from typing import Any

import pytest
import requests
from github import GithubException
from github.Repository import Repository

from release.hosting.github_client import Client, Forbidden, NotFound, Unprocessable
from release.hosting.retry import RetryPolicy
from release.model.errors import Refused, RemoteError, UsageError

SECRET = "ghp_secretOfNobody"


def client(tries: int = 1, slept: list[float] | None = None) -> Client:
    patience = RetryPolicy(
        tries, 0, sleep=(slept if slept is not None else []).append, tell=lambda _: None
    )
    made = Client("octo/iree", SECRET, "http://127.0.0.1:1", patience)
    # What is asked is a stand-in, so nothing is.
    made._threads.repository = object()
    return made


def answer(status: int, message: str = "", **headers: str) -> GithubException:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return GithubException(status, {"message": message}, named)


def ask(error: Exception, tries: int = 1, slept: list[float] | None = None) -> str:
    """What is said when GitHub answers that."""

    def fail(_: Repository) -> None:
        raise error

    with pytest.raises((UsageError, Refused, RemoteError)) as raised:
        client(tries, slept).ask("listing the releases", fail)
    assert SECRET not in str(raised.value)
    return f"{type(raised.value).__name__}: {raised.value}"


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (answer(401, "Bad credentials"), "UsageError: GitHub does not know the token"),
        (answer(403, "Resource not accessible"), "Forbidden: github:octo/iree: the token in"),
        (answer(404, "Not Found"), "NotFound: github:octo/iree: GitHub finds nothing, listing"),
        (answer(409, "Conflict"), "Unprocessable: github:octo/iree: GitHub will not, listing"),
        (answer(422, "Validation Failed"), "Unprocessable: github:octo/iree: GitHub will not"),
        (answer(418, "teapot"), "Refused: github:octo/iree: GitHub answers 418, listing"),
        (answer(500), "RemoteError: GitHub answers 500, when listing the releases; run this again"),
        (answer(429, "slow down"), "RemoteError: GitHub's rate limit is reached (slow down)"),
        (answer(403, "API rate limit exceeded for user"), "RemoteError: GitHub's rate limit"),
        (answer(403, "Wait", retry_after="1"), "RemoteError: GitHub's rate limit is reached"),
        (requests.ConnectionError("reset"), "RemoteError: the connection to GitHub broke"),
        (requests.ReadTimeout("slow"), "RemoteError: GitHub does not answer in time"),
        (AssertionError("odd"), "RemoteError: GitHub's answer makes no sense"),
    ],
)
def test_each_answer_has_a_meaning(error: Exception, expected: str) -> None:
    assert ask(error).startswith(expected)


@pytest.mark.parametrize("status", [401, 403, 404, 409, 422])
def test_what_will_not_pass_is_asked_once(status: int) -> None:
    slept: list[float] = []
    ask(answer(status), 5, slept)
    assert slept == []


def test_a_secondary_limit_waits_as_long_as_github_says() -> None:
    slept: list[float] = []
    ask(answer(403, "secondary rate limit", retry_after="17"), 2, slept)
    assert slept == [17]


def test_the_primary_limit_waits_for_its_end() -> None:
    slept: list[float] = []
    ends = str(time.time() + 90)
    ask(answer(403, "", x_ratelimit_remaining="0", x_ratelimit_reset=ends), 2, slept)
    assert 85 < slept[0] <= 90


def test_a_date_in_retry_after_is_no_reason_to_fail() -> None:
    assert ask(answer(429, "", retry_after="Wed, 25 Nov 2026 07:28:00 GMT")).startswith("RemoteE")


def test_without_a_token_the_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_TOKEN", raising=False)
    with pytest.raises(UsageError, match="GITHUB_TOKEN is not set"):
        Client.open("octo/iree", None)


def test_the_token_is_in_no_text_of_ours(caplog: pytest.LogCaptureFixture) -> None:
    """Catches: PyGithub's log of requests, with their headers."""
    caplog.set_level(logging.DEBUG)
    made = Client("octo/iree", SECRET, "http://127.0.0.1:1", RetryPolicy(1, 0))
    with pytest.raises(RemoteError) as error:
        made.ask("listing", lambda repository: repository.get_releases().totalCount)
    told: list[Any] = [made, error.value, error.value.__context__, caplog.text]
    assert not any(SECRET in f"{one!r} {one}" for one in told)


def test_kinds_of_answers_can_be_told_apart() -> None:
    for error, kind in ((404, NotFound), (403, Forbidden), (422, Unprocessable)):
        with pytest.raises(kind):
            client().ask("looking", lambda _, error=error: (_ for _ in ()).throw(answer(error)))  # type: ignore[misc]
