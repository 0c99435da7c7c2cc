"""Tagging on GitHub: check runs, statuses, rules and parents."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from release.cli.tag import app
from release.hosting.github_source import GitHubSource
from tests.servers.github.fixtures import github, github_server
from tests.servers.github.server import GitHub

__all__ = ["github", "github_server"]

TEN, ELEVEN = "2026-11-22T10:00:00Z", "2026-11-22T11:00:00Z"


def run(github: GitHub, repository: str, *arguments: str) -> Result:
    options = ["--store", f"github:{repository}", "--github-api", github.url]
    return CliRunner().invoke(app, [*options, "--maximum-age-days", "60000", *arguments])


def parsed(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_only_first_parents_are_candidates(github: GitHub) -> None:
    """Catches: a green commit of a merged branch, in a state that main never had."""
    repository = github.repository()
    first = github.head(repository)
    side = github.commit(repository, "on a branch", parents=[first], branch=None)
    main = github.commit(repository, "on main", parents=[first])
    merge = github.commit(repository, "merge", parents=[main, side])
    for sha, conclusion in ((merge, "failure"), (side, "success"), (main, "success")):
        github.check_run(repository, sha, "ci", conclusion, at=TEN)
    github.require(repository, ["ci"])
    assert parsed(run(github, repository, "--json"))["commit"] == main
    source = GitHubSource.open(repository, api=github.url)
    assert [one.sha for one in source.first_parents("main")] == [merge, main, first]


def test_check_runs_and_statuses_both_count_by_their_latest_attempt(github: GitHub) -> None:
    repository = github.repository()
    red = github.head(repository)
    github.check_run(repository, red, "ci", "success", at=TEN)
    github.check_run(repository, red, "ci", "failure", at=ELEVEN)
    github.status(repository, red, "lint", "success", at=TEN)
    green = github.commit(repository, "second")
    github.check_run(repository, green, "ci", "failure", at=TEN)
    github.check_run(repository, green, "ci", "success", at=ELEVEN)
    github.status(repository, green, "lint", "failure", at=TEN)
    github.status(repository, green, "lint", "success", at=ELEVEN)
    pending = github.commit(repository, "third")
    github.check_run(repository, pending, "ci", "success", at=TEN)
    github.check_run(repository, pending, "ci", None, at=ELEVEN)
    github.status(repository, pending, "lint", "pending", at=TEN)
    github.require(repository, ["ci", "lint"])
    found = parsed(run(github, repository, "--json"))
    assert found["commit"] == green
    assert found["evidence"]["passed_over"][0]["why"] == "ci: pending, lint: pending"
    assert [check["name"] for check in found["evidence"]["checks"]] == ["ci", "lint"]


def test_a_tag_a_draft_and_evidence_are_created_once(github: GitHub) -> None:
    repository = github.repository()
    github.check_run(repository, github.head(repository), "ci", "success", at=TEN)
    github.require(repository, ["ci"])
    assert parsed(run(github, repository, "--json"))["made"]
    before = github.snapshot(repository)
    assert not parsed(run(github, repository, "--json"))["made"]
    assert github.snapshot(repository) == before
    (release,) = before["releases"]
    assert release["draft"]
    assert set(release["assets"]) == {"evidence.json"}


def test_without_known_required_checks_it_is_an_error(github: GitHub) -> None:
    result = run(github, github.repository())
    assert result.exit_code == 2
    assert "set tag.required_checks in the settings" in result.output


def test_a_repository_that_does_not_exist_is_an_error(github: GitHub) -> None:
    result = run(github, "admin/none")
    assert result.exit_code == 2
    assert ": not found; check the name" in result.output


def test_an_invalid_token_is_reported_but_not_printed(
    github: GitHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "ghp_wrongAndSecret")
    result = run(github, github.repository())
    assert result.exit_code == 2
    assert "GitHub rejects the token in GITHUB_TOKEN" in result.output
    assert "ghp_wrongAndSecret" not in result.output


def test_commits_between_two_are_first_parents(github: GitHub) -> None:
    repository = github.repository()
    first = github.head(repository)
    date = datetime.now(UTC) - timedelta(hours=1)
    second = github.commit(repository, "second", date=date)
    third = github.commit(repository, "third\n\nwith a body", date=date)
    source = GitHubSource.open(repository, api=github.url)
    assert [one.subject for one in source.between(first, "main")] == ["third", "second"]
    assert [one.sha for one in source.between(second, third)] == [third]
    assert source.between("0" * 40, third) == ()
