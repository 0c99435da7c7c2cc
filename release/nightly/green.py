"""Which commit is green: the newest whose required checks all succeeded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from release.hosting.source import CheckRun, Commit, CommitSource
from release.model.errors import Refused, UsageError

MOST_TOLD = 10
"""Commits of which a message says why they are not green."""
MOST_RECORDED = 20
"""Commits of which the evidence does."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A commit that was chosen, and why."""

    commit: Commit
    checks: tuple[CheckRun, ...]
    """The attempts that count, by name."""
    required: tuple[str, ...] | None
    """Names of the checks that decided; None: nothing is checked where it comes from."""
    passed_over: tuple[tuple[Commit, str], ...] = ()
    """Newer commits, and why each is none."""
    branch: str | None = None
    """Where it was looked for; None of a commit that somebody named."""


def newest(
    source: CommitSource,
    branch: str,
    *,
    required: Sequence[str] | None,
    maximum_age: timedelta,
    now: datetime,
) -> Choice:
    """The newest green first-parent commit of a branch.

    In a source that checks nothing it is the newest commit, whatever its age.

    Args:
      source: where commits come from.
      branch: name of the branch.
      required: names of checks; None: those that the branch's protection requires.
      maximum_age: an older commit is none.
      now: UTC.

    Raises:
      Refused: there is none; the message says of the newest ones why.
      UsageError: nobody says what is required.
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
        counting = latest(checks)
        reasons = [reason for name in names if (reason := _not_green(name, counting))]
        if not reasons:
            return Choice(commit, counting, names, tuple(passed_over), branch)
        passed_over.append((commit, ", ".join(reasons)))
    raise Refused(_none_green(source, branch, passed_over))


def given(source: CommitSource, revision: str) -> Choice:
    """The commit that somebody names, with what is known of it.

    Raises:
      UsageError: there is none.
    """
    commit = source.commit(revision)
    return Choice(commit, latest(source.checks(commit.sha) or ()), None)


def latest(checks: Sequence[CheckRun]) -> tuple[CheckRun, ...]:
    """Of all attempts those that count: the latest of each name, by name."""
    counting: dict[str, CheckRun] = {}
    # Of two that began in one moment the less happy one counts.
    order = {"success": 0, "pending": 1, "failure": 2}
    for check in sorted(checks, key=lambda check: (check.at, order[check.conclusion])):
        counting[check.name] = check
    return tuple(counting[name] for name in sorted(counting))


def _required(source: CommitSource, branch: str, named: Sequence[str] | None) -> tuple[str, ...]:
    names = named if named is not None else source.required_checks(branch)
    if not names:
        raise UsageError(
            f"{source.name}: it does not say which checks {branch} requires; name them in the "
            "settings, as tag.required_checks"
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
    told = "; ".join(_told(passed_over))
    more = len(passed_over) - MOST_TOLD
    return f"{source.name}: no commit of {branch} is green: {told or 'it has none'}" + (
        f"; and {more} more" if more > 0 else ""
    )


def _told(passed_over: Sequence[tuple[Commit, str]]) -> Iterator[str]:
    for commit, reason in passed_over[:MOST_TOLD]:
        yield f"{commit.sha[:12]} of {commit.committed:%Y-%m-%d} ({reason})"
