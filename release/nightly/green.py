"""Which commit is green: the newest whose required checks all succeeded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from release.hosting.source import CheckRun, Commit, CommitSource
from release.model.errors import Refused, UsageError
from release.model.text import listed

MOST_LISTED = 10
"""Commits that a message lists with the reason why they are not green."""
MOST_RECORDED = 20
"""Commits that the evidence lists so."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A commit that was chosen, and why."""

    commit: Commit
    checks: tuple[CheckRun, ...]
    """The latest attempt of each check, by name."""
    required: tuple[str, ...] | None
    """Names of the required checks; None: the source has no checks."""
    passed_over: tuple[tuple[Commit, str], ...] = ()
    """Newer commits, and why each is not green."""
    branch: str | None = None
    """The branch that was searched; None if the user named the commit."""


def newest(
    source: CommitSource,
    branch: str,
    *,
    required: Sequence[str] | None,
    maximum_age: timedelta,
    now: datetime,
) -> Choice:
    """The newest green first-parent commit of a branch.

    In a source without checks, the newest commit counts as green at any age.

    Args:
      source: where commits come from.
      branch: name of the branch.
      required: names of checks; None: those that the branch protection requires.
      maximum_age: older commits do not count.
      now: UTC.

    Raises:
      Refused: no commit is green; the message lists the newest ones with the reasons.
      UsageError: neither the settings nor the branch protection name required checks.
    """
    passed_over: list[tuple[Commit, str]] = []
    names: tuple[str, ...] | None = None
    for commit in source.first_parents(branch):
        checks = source.checks(commit.sha)
        if checks is None:
            return Choice(commit, (), None, branch=branch)
        names = names or _required(source, branch, required)
        if now - commit.committed > maximum_age:
            passed_over.append((commit, f"older than {maximum_age.days} days"))
            break
        attempts = latest(checks)
        reasons = [reason for name in names if (reason := _not_green(name, attempts))]
        if not reasons:
            return Choice(commit, attempts, names, tuple(passed_over), branch)
        passed_over.append((commit, ", ".join(reasons)))
    raise Refused(_none_green(source, branch, passed_over))


def given(source: CommitSource, revision: str) -> Choice:
    """The commit that the user names, with its checks.

    Raises:
      UsageError: it does not exist.
    """
    commit = source.commit(revision)
    return Choice(commit, latest(source.checks(commit.sha) or ()), None)


def latest(checks: Sequence[CheckRun]) -> tuple[CheckRun, ...]:
    """The latest attempt of each check, by name."""
    attempts: dict[str, CheckRun] = {}
    # If two began at the same time, the worse one counts.
    order = {"success": 0, "pending": 1, "failure": 2}
    for check in sorted(checks, key=lambda check: (check.at, order[check.conclusion])):
        attempts[check.name] = check
    return tuple(attempts[name] for name in sorted(attempts))


def _required(
    source: CommitSource, branch: str, configured: Sequence[str] | None
) -> tuple[str, ...]:
    names = configured if configured is not None else source.required_checks(branch)
    if not names:
        raise UsageError(
            f"{source.name}: no required checks are known for branch {branch}; set "
            "tag.required_checks in the settings"
        )
    return tuple(names)


def _not_green(name: str, checks: Sequence[CheckRun]) -> str | None:
    for check in checks:
        if check.name == name:
            return None if check.conclusion == "success" else f"{name}: {check.conclusion}"
    return f"{name}: not run"


def _none_green(
    source: CommitSource, branch: str, passed_over: Sequence[tuple[Commit, str]]
) -> str:
    reasons = [
        f"{commit.sha[:12]} of {commit.committed:%Y-%m-%d} ({reason})"
        for commit, reason in passed_over
    ]
    listing = listed(reasons, MOST_LISTED, "; ") or "it has no commits"
    return f"{source.name}: no commit of {branch} is green: {listing}"
