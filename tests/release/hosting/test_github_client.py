"""Tests of the translation of GitHub's errors, and that the token is never printed."""

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


def client(attempts: int = 1, slept: list[float] | None = None) -> Client:
    retry_policy = RetryPolicy(
        attempts, 0, sleep=(slept if slept is not None else []).append, notify=lambda _: None
    )
    connection = Client("octo/iree", SECRET, "http://127.0.0.1:1", retry_policy)
    # A stand-in, so that no request is sent.
    connection._threads.repository = object()
    return connection


def response(status: int, message: str = "", **headers: str) -> GithubException:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return GithubException(status, {"message": message}, named)


def message_for(error: Exception, attempts: int = 1, slept: list[float] | None = None) -> str:
    """The error message when GitHub answers with an error."""

    def fail(_: Repository) -> None:
        raise error

    with pytest.raises((UsageError, Refused, RemoteError)) as raised:
        client(attempts, slept).call("listing the releases", fail)
    assert SECRET not in str(raised.value)
    return f"{type(raised.value).__name__}: {raised.value}"


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (response(401, "Bad credentials"), "UsageError: GitHub rejects the token"),
        (
            response(403, "Resource not accessible"),
            "Forbidden: github:octo/iree: listing the releases: the token in GITHUB_TOKEN lacks",
        ),
        (
            response(404, "Not Found"),
            "NotFound: github:octo/iree: listing the releases: not found; check the name",
        ),
        (
            response(409, "Conflict"),
            "Unprocessable: github:octo/iree: listing the releases: GitHub rejects the request",
        ),
        (
            response(422, "Validation Failed"),
            "Unprocessable: github:octo/iree: listing the releases: GitHub rejects the request",
        ),
        (
            response(418, "teapot"),
            "Refused: github:octo/iree: listing the releases: GitHub answers 418 (teapot)",
        ),
        (
            response(500),
            "RemoteError: GitHub answers 500 when listing the releases; run the",
        ),
        (response(429, "slow down"), "RemoteError: GitHub's rate limit is reached (slow down)"),
        (response(403, "API rate limit exceeded for user"), "RemoteError: GitHub's rate limit"),
        (response(403, "Wait", retry_after="1"), "RemoteError: GitHub's rate limit is reached"),
        (requests.ConnectionError("reset"), "RemoteError: the connection to GitHub failed"),
        (requests.ReadTimeout("slow"), "RemoteError: GitHub did not respond in time"),
        (AssertionError("odd"), "RemoteError: GitHub sent an invalid response"),
    ],
)
def test_each_error_is_translated(error: Exception, expected: str) -> None:
    assert message_for(error).startswith(expected)


@pytest.mark.parametrize("status", [401, 403, 404, 409, 422])
def test_permanent_errors_are_not_retried(status: int) -> None:
    slept: list[float] = []
    message_for(response(status), 5, slept)
    assert slept == []


def test_a_secondary_rate_limit_waits_as_long_as_github_asks() -> None:
    slept: list[float] = []
    message_for(response(403, "secondary rate limit", retry_after="17"), 2, slept)
    assert slept == [17]


def test_the_primary_rate_limit_waits_until_it_resets() -> None:
    slept: list[float] = []
    reset = str(time.time() + 90)
    message_for(response(403, "", x_ratelimit_remaining="0", x_ratelimit_reset=reset), 2, slept)
    assert 85 < slept[0] <= 90


def test_a_date_in_retry_after_is_ignored() -> None:
    error = response(429, "", retry_after="Wed, 25 Nov 2026 07:28:00 GMT")
    assert message_for(error).startswith("RemoteError")


def test_a_missing_token_is_reported_with_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_TOKEN", raising=False)
    with pytest.raises(UsageError, match="GITHUB_TOKEN is not set"):
        Client.open("octo/iree", None)


def test_the_token_is_neither_logged_nor_printed(caplog: pytest.LogCaptureFixture) -> None:
    """Catches: PyGithub's log of requests with their headers."""
    caplog.set_level(logging.DEBUG)
    connection = Client("octo/iree", SECRET, "http://127.0.0.1:1", RetryPolicy(1, 0))
    with pytest.raises(RemoteError) as error:
        connection.call("listing", lambda repository: repository.get_releases().totalCount)
    shown: list[Any] = [connection, error.value, error.value.__context__, caplog.text]
    assert not any(SECRET in f"{one!r} {one}" for one in shown)


def test_errors_have_distinct_types() -> None:
    for error, kind in ((404, NotFound), (403, Forbidden), (422, Unprocessable)):
        with pytest.raises(kind):
            client().call("looking", lambda _, error=error: (_ for _ in ()).throw(response(error)))  # type: ignore[misc]
