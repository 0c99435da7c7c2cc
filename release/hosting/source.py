"""What a source is: the commits of a branch, and what was checked of each."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Conclusion = Literal["success", "failure", "pending"]


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit."""

    sha: str
    """40 hex digits."""
    subject: str
    """The first line of its message."""
    author: str
    """A name."""
    committed: datetime
    """UTC."""


@dataclass(frozen=True, slots=True)
class Issue:
    """An issue."""

    number: int
    title: str


@dataclass(frozen=True, slots=True)
class CheckRun:
    """What one check run or commit status said of a commit, once."""

    name: str
    conclusion: Conclusion
    """Skipped and neutral runs succeeded; anything that has not ended is pending."""
    at: datetime
    """When it began or was set, UTC: of several with one name, the latest counts."""
    url: str | None = None
    """Where a person reads more."""


class CommitSource(ABC):
    """A repository of commits.

    Every method may raise `RemoteError` and `UsageError`.
    """

    name: str
    """For a person: a path or OWNER/REPO."""

    @abstractmethod
    def first_parents(self, branch: str) -> Iterator[Commit]:
        """The commits of a branch by first parents, the newest first, read page by page."""

    @abstractmethod
    def commit(self, revision: str) -> Commit:
        """A commit by its digits, or by the name of a branch or tag.

        Raises:
          UsageError: there is none.
        """

    @abstractmethod
    def checks(self, commit: str) -> Sequence[CheckRun] | None:
        """Every check run and commit status of a commit, all attempts; None: nothing is checked
        here, as in a plain checkout."""

    @abstractmethod
    def required_checks(self, branch: str) -> Sequence[str] | None:
        """What the protection of a branch requires; None when that cannot be known."""

    def open_issues(self, label: str) -> Sequence[Issue] | None:  # noqa: ARG002
        """The open issues with a label; None: there are none here, as in a plain checkout."""
        return None

    @abstractmethod
    def between(self, base: str, head: str) -> Sequence[Commit]:
        """The commits of `head` by first parents that `base` has not, the newest first, at most
        250; empty when `base` is not known here."""
