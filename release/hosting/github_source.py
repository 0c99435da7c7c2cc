"""A repository on GitHub as a source of commits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice

from github.CheckRun import CheckRun as GitHubCheckRun
from github.Commit import Commit as GitHubCommit
from github.CommitStatus import CommitStatus
from github.PaginatedList import PaginatedList
from github.Repository import Repository

from release.hosting.github_client import Client, Forbidden, NotFound, Unprocessable, utc
from release.hosting.retry import RetryPolicy
from release.hosting.source import CheckRun, Commit, CommitSource, Conclusion, Issue
from release.model.errors import UsageError

MOST = 250
"""Commits between two."""

_RUNS: dict[str, Conclusion] = {"success": "success", "neutral": "success", "skipped": "success"}
_STATUSES: dict[str, Conclusion] = {"success": "success", "pending": "pending"}
_PAGE = 100


class GitHubSource(CommitSource):
    """A repository on GitHub."""

    def __init__(self, client: Client) -> None:
        """A repository."""
        self._client = client
        self.name = f"github:{client.repository}"

    @classmethod
    def open(
        cls, repository: str, *, api: str | None = None, patience: RetryPolicy | None = None
    ) -> GitHubSource:
        """A repository, with the token of the environment.

        Raises:
          UsageError: there is no token.
        """
        return cls(Client.open(repository, api, patience))

    def first_parents(self, branch: str) -> Iterator[Commit]:
        """The commits of a branch by first parents, the newest first.

        GitHub lists the commits of all parents, so one is followed through the list.
        """
        wanted: str | None = None
        page = 0
        start = branch
        while True:
            listed = self._client.ask(
                f"listing the commits of {branch}",
                lambda repository, start=start, page=page: [  # type: ignore[misc]
                    (_commit(one), [parent.sha for parent in one.parents])
                    for one in repository.get_commits(sha=start).get_page(page)
                ],
            )
            if not listed:
                return
            for commit, parents in listed:
                if wanted in (None, commit.sha):
                    yield commit
                    if not parents:
                        return
                    wanted = parents[0]
            page += 1

    def commit(self, revision: str) -> Commit:
        """A commit by its digits, or by the name of a branch or tag."""
        try:
            return self._client.ask(
                f"looking for the commit {revision}",
                lambda repository: _commit(repository.get_commit(revision)),
            )
        except (NotFound, Unprocessable):
            raise UsageError(f"{self.name}: it has no commit {revision}") from None

    def checks(self, commit: str) -> Sequence[CheckRun]:
        """Every check run and commit status of a commit, all attempts."""

        def all_of(repository: Repository) -> list[CheckRun]:
            one = repository.get_commit(commit)
            runs = [_run(run) for run in one.get_check_runs(filter="all")]
            # PyGithub's own way to statuses is an address that GitHub does not document.
            statuses = PaginatedList(
                CommitStatus,
                repository.requester,
                f"{repository.url}/commits/{commit}/statuses",
                None,
            )
            return runs + [_status(status) for status in statuses]

        return self._client.ask(f"reading the checks of {commit[:12]}", all_of)

    def required_checks(self, branch: str) -> Sequence[str] | None:
        """What protection and rulesets of a branch require; None when neither can be known."""
        names: set[str] = set()

        def protection(repository: Repository) -> list[str]:
            checks = repository.get_branch(branch).get_required_status_checks()
            return [*checks.contexts, *(check.context for check in checks.checks)]

        def rules(repository: Repository) -> list[str]:
            _, listed = repository.requester.requestJsonAndCheck(
                "GET", f"{repository.url}/rules/branches/{branch}"
            )
            return [
                check["context"]
                for rule in listed
                if rule["type"] == "required_status_checks"
                for check in rule["parameters"]["required_status_checks"]
            ]

        for look in (protection, rules):
            try:
                names.update(self._client.ask(f"reading what {branch} requires", look))
            except (Forbidden, NotFound):
                # Not protected, or not for this token to see.
                continue
        return sorted(names) or None

    def open_issues(self, label: str) -> Sequence[Issue]:
        """The open issues with a label."""

        def listed(repository: Repository) -> list[Issue]:
            # GitHub lists pull requests among the issues.
            return [
                Issue(one.number, one.title)
                for one in repository.get_issues(state="open", labels=[label])
                if one.pull_request is None
            ]

        return self._client.ask(f"listing the open issues with the label {label}", listed)

    def between(self, base: str, head: str) -> Sequence[Commit]:
        """The commits of `head` by first parents that `base` has not, the newest first."""

        def new(repository: Repository) -> frozenset[str]:
            return frozenset(one.sha for one in repository.compare(base, head).commits)

        try:
            theirs = self._client.ask(f"comparing {base[:12]} with {head[:12]}", new)
        except (NotFound, Unprocessable):
            return ()
        found = []
        for commit in islice(self.first_parents(head), MOST):
            if commit.sha not in theirs:
                break
            found.append(commit)
        return tuple(found)


def _commit(one: GitHubCommit) -> Commit:
    git = one.commit
    return Commit(
        sha=one.sha,
        subject=git.message.partition("\n")[0],
        author=git.author.name or "",
        committed=utc(git.committer.date),
    )


def _run(run: GitHubCheckRun) -> CheckRun:
    ended = run.status == "completed"
    conclusion = _RUNS.get(run.conclusion or "", "failure") if ended else "pending"
    # A run that waits has not begun: it is the latest attempt all the same.
    at: datetime | None = run.started_at
    return CheckRun(run.name, conclusion, utc(at or datetime.max), run.html_url)


def _status(status: CommitStatus) -> CheckRun:
    conclusion = _STATUSES.get(status.state, "failure")
    return CheckRun(status.context, conclusion, utc(status.created_at), status.target_url)
