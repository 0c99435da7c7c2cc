"""The connection to a repository on GitHub, and the translation of its errors."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TypeVar

import requests
from github import Auth, Consts, Github, GithubException
from github.GithubException import BadAttributeException
from github.Repository import Repository

from release.hosting.retry import RetryPolicy, TransientError
from release.model.errors import Refused, UsageError

TOKEN = "GITHUB_TOKEN"
"""The environment variable with the token."""

UNAUTHORIZED, FORBIDDEN, NOT_FOUND, CONFLICT, UNPROCESSABLE = 401, 403, 404, 409, 422

_PER_PAGE = 100

Result = TypeVar("Result")


class NotFound(UsageError):
    """GitHub answers 404: the resource does not exist, or the token may not read it."""


class Forbidden(UsageError):
    """GitHub answers 403: the token lacks a permission."""


class Unprocessable(Refused):
    """GitHub answers 409 or 422: it rejects the request."""


def is_taken(error: GithubException) -> bool:
    """Whether GitHub rejects a name because it is already in use."""
    errors = error.data.get("errors") if isinstance(error.data, dict) else None
    return error.status == UNPROCESSABLE and any(
        isinstance(entry, dict) and entry.get("code") == "already_exists" for entry in errors or ()
    )


class Client:
    """A thread-safe client for a repository on GitHub."""

    def __init__(
        self, repository: str, token: str, api: str | None, retry_policy: RetryPolicy
    ) -> None:
        """A client; no request is sent yet.

        Args:
          repository: OWNER/REPO.
          token: the access token.
          api: URL of the API of another GitHub server.
          retry_policy: how to retry requests.
        """
        self.repository = repository
        self.retry_policy = retry_policy
        self._token = token
        self._api = api
        self._threads = threading.local()

    @classmethod
    def open(
        cls, repository: str, api: str | None, retry_policy: RetryPolicy | None = None
    ) -> Client:
        """A client with the token and, by default, the API of the environment.

        Raises:
          UsageError: the token is not set.
        """
        token = os.environ.get(TOKEN)
        if not token:
            raise UsageError(
                f"github:{repository}: {TOKEN} is not set; set it to a token with write access to "
                "contents"
            )
        # GitHub Actions runners set it to the API of their own server.
        api = api or os.environ.get("GITHUB_API_URL")
        return cls(repository, token, api, retry_policy or RetryPolicy.from_environment())

    def __repr__(self) -> str:
        """Without the token."""
        return f"Client({self.repository!r})"

    def call(self, action: str, operation: Callable[[Repository], Result]) -> Result:
        """Calls an operation on the repository, and retries it if the failure may go away.

        Args:
          action: what the operation does, for messages: "listing the releases".
          operation: called with the repository. It must check the current state before it changes
            anything, since an earlier attempt may have succeeded.

        Raises:
          NotFound: the resource does not exist.
          Unprocessable: GitHub rejects the request.
          UsageError: the token is invalid, or lacks a permission.
          RemoteError: all attempts failed.
        """

        def attempt() -> Result:
            with self._translated_errors(action):
                return operation(self._repository())

        return self.retry_policy.call(action, attempt)

    def _repository(self) -> Repository:
        """This thread's repository; PyGithub's connections are not thread-safe."""
        if not hasattr(self._threads, "repository"):
            reading, writing = self.retry_policy.pace
            connection = Github(
                auth=Auth.Token(self._token),
                per_page=_PER_PAGE,
                timeout=self.retry_policy.timeout,
                # RetryPolicy retries instead, after checking what was already done.
                retry=None,
                seconds_between_requests=reading,
                seconds_between_writes=writing,
                base_url=self._api.rstrip("/") if self._api else Consts.DEFAULT_BASE_URL,
            )
            self._threads.repository = connection.get_repo(self.repository)
        repository: Repository = self._threads.repository
        return repository

    @contextmanager
    def _translated_errors(self, action: str) -> Iterator[None]:
        """Translates exceptions of PyGithub and requests."""
        try:
            yield
        except GithubException as error:
            raise self._error(error.status, error.headers or {}, error.data, action) from None
        except requests.HTTPError as error:
            response = error.response
            assert response is not None, "an HTTPError has a response"
            raise self._error(response.status_code, response.headers, None, action) from None
        except requests.Timeout:
            raise TransientError("GitHub did not respond in time") from None
        except (requests.RequestException, ConnectionError) as error:
            raise TransientError(
                f"the connection to GitHub failed ({type(error).__name__})"
            ) from None
        except (AssertionError, BadAttributeException) as error:
            raise TransientError(
                f"GitHub sent an invalid response ({type(error).__name__})"
            ) from None

    def _error(
        self, status: int, headers: Mapping[str, str], data: object, action: str
    ) -> Exception:
        fields = {name.lower(): value for name, value in headers.items()}
        body = data if isinstance(data, dict) else {}
        message = str(body.get("message") or "").strip().rstrip(".")
        reason = f" ({message})" if message else ""
        where = f"github:{self.repository}: {action}"
        if status == UNAUTHORIZED:
            return UsageError(f"GitHub rejects the token in {TOKEN}{reason}; set a valid one")
        if status == 429 or (status == FORBIDDEN and _is_rate_limit(fields, message)):
            return TransientError(f"GitHub's rate limit is reached{reason}", _retry_after(fields))
        if status == FORBIDDEN:
            return Forbidden(
                f"{where}: the token in {TOKEN} lacks permission{reason}; it needs write access to "
                "contents"
            )
        if status == NOT_FOUND:
            return NotFound(
                f"{where}: not found; check the name, and that the token in {TOKEN} has access"
            )
        if status in (CONFLICT, UNPROCESSABLE):
            return Unprocessable(f"{where}: GitHub rejects the request{reason}")
        if status >= 500 or status == 408:
            return TransientError(f"GitHub answers {status}", _retry_after(fields))
        return Refused(f"{where}: GitHub answers {status}{reason}")


def utc(time: datetime) -> datetime:
    """Converts a time of PyGithub, which may lack a time zone, to UTC."""
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def _is_rate_limit(fields: Mapping[str, str], message: str) -> bool:
    return (
        "retry-after" in fields
        or fields.get("x-ratelimit-remaining") == "0"
        or "rate limit" in message.lower()
    )


def _retry_after(fields: Mapping[str, str]) -> float | None:
    """The delay in seconds that GitHub asks for."""
    try:
        if "retry-after" in fields:
            return max(0.0, float(fields["retry-after"]))
        if fields.get("x-ratelimit-remaining") == "0" and "x-ratelimit-reset" in fields:
            return max(0.0, float(fields["x-ratelimit-reset"]) - time.time())
    except ValueError:
        return None
    return None
