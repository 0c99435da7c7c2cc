"""A source that reads commits from a repository on GitHub."""

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

MAX_COMMITS = 250
"""Commits that `between` returns."""

_RUNS: dict[str, Conclusion] = {"success": "success", "neutral": "success", "skipped": "success"}
_STATUSES: dict[str, Conclusion] = {"success": "success", "pending": "pending"}
_PAGE = 100


class GitHubSource(CommitSource):
    """A repository on GitHub."""

    def __init__(self, client: Client) -> None:
        """A source that uses a client."""
        self._client = client
        self.name = f"github:{client.repository}"

    @classmethod
    def open(
        cls, repository: str, *, api: str | None = None, retry_policy: RetryPolicy | None = None
    ) -> GitHubSource:
        """A source with the token of the environment.

        Raises:
          UsageError: the token is not set.
        """
        return cls(Client.open(repository, api, retry_policy))

    def first_parents(self, branch: str) -> Iterator[Commit]:
        """The first-parent history of a branch, newest first.

        GitHub lists the commits of all parents, so this follows the first parents in that list.
        """
        next_sha: str | None = None
        page = 0
        start = branch
        while True:
            listed = self._client.call(
                f"listing the commits of {branch}",
                lambda repository, start=start, page=page: [  # type: ignore[misc]
                    (_commit(one), [parent.sha for parent in one.parents])
                    for one in repository.get_commits(sha=start).get_page(page)
                ],
            )
            if not listed:
                return
            for commit, parents in listed:
                if next_sha in (None, commit.sha):
                    yield commit
                    if not parents:
                        return
                    next_sha = parents[0]
            page += 1

    def commit(self, revision: str) -> Commit:
        """Looks up a commit by its hash, or by the name of a branch or tag."""
        try:
            return self._client.call(
                f"looking for the commit {revision}",
                lambda repository: _commit(repository.get_commit(revision)),
            )
        except (NotFound, Unprocessable):
            raise UsageError(f"{self.name}: no commit {revision}") from None

    def checks(self, commit: str) -> Sequence[CheckRun]:
        """Every check run and commit status of a commit, all attempts."""

        def list_checks(repository: Repository) -> list[CheckRun]:
            found = repository.get_commit(commit)
            runs = [_run(run) for run in found.get_check_runs(filter="all")]
            # PyGithub's own method uses a URL that GitHub does not document.
            statuses = PaginatedList(
                CommitStatus,
                repository.requester,
                f"{repository.url}/commits/{commit}/statuses",
                None,
            )
            return runs + [_status(status) for status in statuses]

        return self._client.call(f"reading the checks of {commit[:12]}", list_checks)

    def required_checks(self, branch: str) -> Sequence[str] | None:
        """The checks that branch protection and rulesets require; None if neither is readable."""
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

        for read in (protection, rules):
            try:
                names.update(self._client.call(f"reading the required checks of {branch}", read))
            except (Forbidden, NotFound):
                # The branch is not protected, or the token may not read it.
                continue
        return sorted(names) or None

    def open_issues(self, label: str) -> Sequence[Issue]:
        """The open issues with a label."""

        def list_issues(repository: Repository) -> list[Issue]:
            # GitHub lists pull requests among the issues.
            return [
                Issue(issue.number, issue.title)
                for issue in repository.get_issues(state="open", labels=[label])
                if issue.pull_request is None
            ]

        return self._client.call(f"listing the open issues with the label {label}", list_issues)

    def between(self, base: str, head: str) -> Sequence[Commit]:
        """The first-parent history of `head` that `base` lacks, newest first."""

        def compare(repository: Repository) -> frozenset[str]:
            return frozenset(commit.sha for commit in repository.compare(base, head).commits)

        try:
            new = self._client.call(f"comparing {base[:12]} with {head[:12]}", compare)
        except (NotFound, Unprocessable):
            return ()
        found = []
        for commit in islice(self.first_parents(head), MAX_COMMITS):
            if commit.sha not in new:
                break
            found.append(commit)
        return tuple(found)


def _commit(commit: GitHubCommit) -> Commit:
    git = commit.commit
    return Commit(
        sha=commit.sha,
        subject=git.message.partition("\n")[0],
        author=git.author.name or "",
        committed=utc(git.committer.date),
    )


def _run(run: GitHubCheckRun) -> CheckRun:
    completed = run.status == "completed"
    conclusion = _RUNS.get(run.conclusion or "", "failure") if completed else "pending"
    # A queued run has no start time, but is still the latest attempt.
    at: datetime | None = run.started_at
    return CheckRun(run.name, conclusion, utc(at or datetime.max), run.html_url)


def _status(status: CommitStatus) -> CheckRun:
    conclusion = _STATUSES.get(status.state, "failure")
    return CheckRun(status.context, conclusion, utc(status.created_at), status.target_url)
