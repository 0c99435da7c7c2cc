"""The connection to a repository on GitHub, and what its answers mean."""

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
"""The variable of the environment that has the token."""

UNAUTHORIZED, FORBIDDEN, NOT_FOUND, CONFLICT, UNPROCESSABLE = 401, 403, 404, 409, 422

_PER_PAGE = 100

Answer = TypeVar("Answer")


class NotFound(UsageError):
    """GitHub answers 404: there is nothing, or nothing that the token may see."""


class Forbidden(UsageError):
    """GitHub answers 403: the token may not."""


class Unprocessable(Refused):
    """GitHub answers 409 or 422: it understood, and will not."""


def is_taken(error: GithubException) -> bool:
    """Whether GitHub refuses a name because something has it."""
    errors = error.data.get("errors") if isinstance(error.data, dict) else None
    return error.status == UNPROCESSABLE and any(
        isinstance(one, dict) and one.get("code") == "already_exists" for one in errors or ()
    )


class Client:
    """A repository on GitHub, for several threads."""

    def __init__(self, repository: str, token: str, api: str | None, patience: RetryPolicy) -> None:
        """A connection; nothing is asked yet.

        Args:
          repository: OWNER/REPO.
          token: what GitHub knows us by.
          api: URL of the API, where it is another server's.
          patience: how often something is tried.
        """
        self.repository = repository
        self.patience = patience
        self._token = token
        self._api = api
        self._threads = threading.local()

    @classmethod
    def open(cls, repository: str, api: str | None, patience: RetryPolicy | None = None) -> Client:
        """A connection with the token of the environment, and its API where none is named.

        Raises:
          UsageError: it has none.
        """
        token = os.environ.get(TOKEN)
        if not token:
            raise UsageError(
                f"github:{repository}: {TOKEN} is not set; give a token that may write contents"
            )
        # GitHub's own machines say by it which GitHub they work for.
        api = api or os.environ.get("GITHUB_API_URL")
        return cls(repository, token, api, patience or RetryPolicy.from_environment())

    def __repr__(self) -> str:
        """Without the token."""
        return f"Client({self.repository!r})"

    def ask(self, what: str, do: Callable[[Repository], Answer]) -> Answer:
        """Asks GitHub for something, again where that may help.

        Args:
          what: what is done, for messages: "listing the releases".
          do: is given the repository; looks before it changes anything.

        Raises:
          NotFound: GitHub has no such thing.
          Unprocessable: GitHub will not.
          UsageError: the token is wrong, or may not.
          RemoteError: it failed too often.
        """

        def once() -> Answer:
            with self._translated(what):
                return do(self._repository())

        return self.patience.ask(what, once)

    def _repository(self) -> Repository:
        """PyGithub's objects hold one connection, which is one thread's."""
        if not hasattr(self._threads, "repository"):
            reading, writing = self.patience.pace
            connection = Github(
                auth=Auth.Token(self._token),
                per_page=_PER_PAGE,
                timeout=self.patience.timeout,
                # We try again ourselves, after a look at what was done.
                retry=None,
                seconds_between_requests=reading,
                seconds_between_writes=writing,
                base_url=self._api.rstrip("/") if self._api else Consts.DEFAULT_BASE_URL,
            )
            self._threads.repository = connection.get_repo(self.repository)
        repository: Repository = self._threads.repository
        return repository

    @contextmanager
    def _translated(self, what: str) -> Iterator[None]:
        """Turns what PyGithub and requests raise into what it means."""
        try:
            yield
        except GithubException as error:
            raise self._meaning(error.status, error.headers or {}, error.data, what) from None
        except requests.HTTPError as error:
            answer = error.response
            assert answer is not None, "an HTTPError is made of an answer"
            raise self._meaning(answer.status_code, answer.headers, None, what) from None
        except requests.Timeout:
            raise TransientError("GitHub does not answer in time") from None
        except (requests.RequestException, ConnectionError) as error:
            raise TransientError(
                f"the connection to GitHub broke ({type(error).__name__})"
            ) from None
        except (AssertionError, BadAttributeException) as error:
            raise TransientError(
                f"GitHub's answer makes no sense ({type(error).__name__})"
            ) from None

    def _meaning(
        self, status: int, headers: Mapping[str, str], data: object, what: str
    ) -> Exception:
        fields = {name.lower(): value for name, value in headers.items()}
        body = data if isinstance(data, dict) else {}
        message = str(body.get("message") or "").strip().rstrip(".")
        said = f" ({message})" if message else ""
        if status == UNAUTHORIZED:
            return UsageError(f"GitHub does not know the token in {TOKEN}{said}; give a valid one")
        if status == 429 or (status == FORBIDDEN and _is_limit(fields, message)):
            return TransientError(f"GitHub's rate limit is reached{said}", _after(fields))
        if status == FORBIDDEN:
            return Forbidden(
                f"github:{self.repository}: the token in {TOKEN} may not do this, {what}{said}; "
                "it needs the right to write contents"
            )
        if status == NOT_FOUND:
            return NotFound(
                f"github:{self.repository}: GitHub finds nothing, {what}; check the name, and "
                f"that the token in {TOKEN} may see it"
            )
        if status in (CONFLICT, UNPROCESSABLE):
            return Unprocessable(f"github:{self.repository}: GitHub will not, {what}{said}")
        if status >= 500 or status == 408:
            return TransientError(f"GitHub answers {status}", _after(fields))
        return Refused(f"github:{self.repository}: GitHub answers {status}, {what}{said}")


def utc(time: datetime) -> datetime:
    """A time of PyGithub's, which may not say that it is UTC."""
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def _is_limit(fields: Mapping[str, str], message: str) -> bool:
    return (
        "retry-after" in fields
        or fields.get("x-ratelimit-remaining") == "0"
        or "rate limit" in message.lower()
    )


def _after(fields: Mapping[str, str]) -> float | None:
    """In how many seconds GitHub wants to be asked again."""
    try:
        if "retry-after" in fields:
            return max(0.0, float(fields["retry-after"]))
        if fields.get("x-ratelimit-remaining") == "0" and "x-ratelimit-reset" in fields:
            return max(0.0, float(fields["x-ratelimit-reset"]) - time.time())
    except ValueError:
        return None
    return None
