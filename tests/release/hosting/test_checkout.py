"""A checkout as a source of commits."""

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
    """A branch `main`: first, then a merge of a branch of two commits, then last."""
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    for branch, message in (("main", "first"), ("side", "one"), ("side", "two")):
        if branch == "side" and message == "one":
            git(tmp_path, "checkout", "--quiet", "-b", "side")
        git(tmp_path, "commit", "--quiet", "--allow-empty", "--message", message)
    git(tmp_path, "checkout", "--quiet", "main")
    git(tmp_path, "merge", "--quiet", "--no-ff", "--message", "merge", "side")
    git(tmp_path, "commit", "--quiet", "--allow-empty", "--message", "last\n\nwith a body")
    return tmp_path


def test_first_parents_leave_out_what_was_merged(directory: Path) -> None:
    commits = list(Checkout(directory).first_parents("main"))
    assert [commit.subject for commit in commits] == ["last", "merge", "first"]
    assert commits[0].author == "Ada"
    assert commits[0].sha == git(directory, "rev-parse", "main")
    assert commits[0].committed.utcoffset() is not None


def test_reading_may_end_early(directory: Path) -> None:
    assert next(iter(Checkout(directory).first_parents("main"))).subject == "last"


def test_commits_are_found_by_any_name(directory: Path) -> None:
    checkout = Checkout(directory)
    git(directory, "tag", "v1", "side")
    for name in ("v1", "side", git(directory, "rev-parse", "side")):
        assert checkout.commit(name).subject == "two"
    assert checkout.head == git(directory, "rev-parse", "HEAD")


@pytest.mark.parametrize("revision", ["none", "--help", "0" * 40, "main:file", ""])
def test_what_is_no_commit_is_named(directory: Path, revision: str) -> None:
    with pytest.raises(UsageError, match="it has no commit"):
        Checkout(directory).commit(revision)


def test_commits_between_two_are_first_parents(directory: Path) -> None:
    checkout = Checkout(directory)
    first = checkout.commit("main~2").sha
    assert [one.subject for one in checkout.between(first, "main")] == ["last", "merge"]
    assert checkout.between(checkout.head, "main") == ()
    assert checkout.between("0" * 40, "main") == ()


def test_nothing_is_checked_here(directory: Path) -> None:
    assert Checkout(directory).checks("main") is None
    assert Checkout(directory).required_checks("main") is None


def test_a_change_that_nobody_committed_is_seen(directory: Path) -> None:
    checkout = Checkout(directory)
    assert not checkout.dirty
    (directory / "new").write_text("")
    assert checkout.dirty


def test_a_directory_without_git_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(UsageError, match="not a git checkout; name one with --source"):
        Checkout(tmp_path)


def test_a_repository_without_a_commit_is_told(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    with pytest.raises(UsageError, match="it has no commit HEAD"):
        Checkout(tmp_path).head  # noqa: B018
