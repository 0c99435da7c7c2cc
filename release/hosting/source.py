"""The interface of a source: the commits of a branch, and the checks of each commit."""

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
    """The first line of the commit message."""
    author: str
    """Name of the author."""
    committed: datetime
    """UTC."""


@dataclass(frozen=True, slots=True)
class Issue:
    """An issue."""

    number: int
    title: str


@dataclass(frozen=True, slots=True)
class CheckRun:
    """One result of a check run or commit status for a commit."""

    name: str
    conclusion: Conclusion
    """Skipped and neutral runs count as success; anything unfinished is pending."""
    at: datetime
    """When it started or was set, UTC; of several with the same name, the latest counts."""
    url: str | None = None
    """Its details page."""


class CommitSource(ABC):
    """A repository of commits.

    Every method may raise `RemoteError` and `UsageError`.
    """

    name: str
    """Display name: a path or github:OWNER/REPO."""

    @abstractmethod
    def first_parents(self, branch: str) -> Iterator[Commit]:
        """The first-parent history of a branch, newest first, read page by page."""

    @abstractmethod
    def commit(self, revision: str) -> Commit:
        """Looks up a commit by its hash, or by the name of a branch or tag.

        Raises:
          UsageError: the commit does not exist.
        """

    @abstractmethod
    def checks(self, commit: str) -> Sequence[CheckRun] | None:
        """Every check run and commit status of a commit, all attempts; None if the source has no
        checks, like a plain checkout."""

    @abstractmethod
    def required_checks(self, branch: str) -> Sequence[str] | None:
        """The checks that branch protection requires; None if that cannot be determined."""

    def open_issues(self, label: str) -> Sequence[Issue] | None:  # noqa: ARG002
        """The open issues with a label; None if the source has no issues, like a plain checkout."""
        return None

    @abstractmethod
    def between(self, base: str, head: str) -> Sequence[Commit]:
        """The first-parent history of `head` that `base` lacks, newest first, at most 250 commits;
        empty if `base` is unknown."""
