"""Tests of the source that reads a checkout."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from release.hosting.checkout import Checkout
from release.model.errors import UsageError
from tests.git import git

pytestmark = pytest.mark.skipif(not shutil.which("git"), reason="not run: git is not on PATH")


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A branch `main` with a first commit, a merge of a branch with two commits, and a last one."""
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    for branch, message in (("main", "first"), ("side", "one"), ("side", "two")):
        if branch == "side" and message == "one":
            git(tmp_path, "checkout", "--quiet", "-b", "side")
        git(tmp_path, "commit", "--quiet", "--allow-empty", "--message", message)
    git(tmp_path, "checkout", "--quiet", "main")
    git(tmp_path, "merge", "--quiet", "--no-ff", "--message", "merge", "side")
    git(tmp_path, "commit", "--quiet", "--allow-empty", "--message", "last\n\nwith a body")
    return tmp_path


def test_first_parents_exclude_merged_commits(directory: Path) -> None:
    commits = list(Checkout(directory).first_parents("main"))
    assert [commit.subject for commit in commits] == ["last", "merge", "first"]
    assert commits[0].author == "Ada"
    assert commits[0].sha == git(directory, "rev-parse", "main")
    assert commits[0].committed.utcoffset() is not None


def test_reading_can_stop_early(directory: Path) -> None:
    assert next(iter(Checkout(directory).first_parents("main"))).subject == "last"


def test_commits_are_found_by_hash_branch_and_tag(directory: Path) -> None:
    checkout = Checkout(directory)
    git(directory, "tag", "v1", "side")
    for name in ("v1", "side", git(directory, "rev-parse", "side")):
        assert checkout.commit(name).subject == "two"
    assert checkout.head == git(directory, "rev-parse", "HEAD")


@pytest.mark.parametrize("revision", ["none", "--help", "0" * 40, "main:file", ""])
def test_an_unknown_commit_is_reported(directory: Path, revision: str) -> None:
    with pytest.raises(UsageError, match="no commit"):
        Checkout(directory).commit(revision)


def test_commits_between_two_commits_are_first_parents(directory: Path) -> None:
    checkout = Checkout(directory)
    first = checkout.commit("main~2").sha
    assert [one.subject for one in checkout.between(first, "main")] == ["last", "merge"]
    assert checkout.between(checkout.head, "main") == ()
    assert checkout.between("0" * 40, "main") == ()


def test_a_checkout_has_no_checks(directory: Path) -> None:
    assert Checkout(directory).checks("main") is None
    assert Checkout(directory).required_checks("main") is None


def test_an_uncommitted_change_makes_it_dirty(directory: Path) -> None:
    checkout = Checkout(directory)
    assert not checkout.dirty
    (directory / "new").write_text("")
    assert checkout.dirty


def test_a_directory_outside_of_git_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(UsageError, match="not a git checkout; name one with --source"):
        Checkout(tmp_path)


def test_a_repository_without_commits_is_reported(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    with pytest.raises(UsageError, match="no commit HEAD"):
        Checkout(tmp_path).head  # noqa: B018
