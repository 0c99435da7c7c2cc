"""The worktree that a nightly builds in if its commit is not checked out."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from release.model.errors import UsageError
from release.nightly import worktree
from tests.git import git

pytestmark = pytest.mark.skipif(not shutil.which("git"), reason="not run: git is not on PATH")


@pytest.fixture
def commits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, str, str]:
    """A checkout with uncommitted changes, and its two commits."""
    monkeypatch.setenv("IREE_RELEASE_CACHE", str(tmp_path / "cache"))
    directory = tmp_path / "checkout"
    directory.mkdir()
    git(directory, "init", "--quiet")
    shas = []
    for text in ("first", "second"):
        (directory / "file").write_text(text)
        git(directory, "add", "file")
        git(directory, "commit", "--quiet", "--message", text)
        shas.append(git(directory, "rev-parse", "HEAD"))
    (directory / "file").write_text("not committed")
    return directory, shas[0], shas[1]


def test_a_commit_is_checked_out_without_uncommitted_changes(
    commits: tuple[Path, str, str],
) -> None:
    directory, first, _ = commits
    assert (worktree.at(directory, first) / "file").read_text() == "first"
    assert (directory / "file").read_text() == "not committed"


def test_the_worktree_moves_to_the_next_commit_and_is_cleaned(
    commits: tuple[Path, str, str],
) -> None:
    """Catches: building with files of another commit."""
    directory, first, second = commits
    path = worktree.at(directory, first)
    (path / "left").write_text("by a run that was killed")
    (path / "file").write_text("changed")
    assert worktree.at(directory, second) == path
    assert (path / "file").read_text() == "second"
    assert not (path / "left").exists()


def test_a_deleted_worktree_is_created_again(commits: tuple[Path, str, str]) -> None:
    directory, first, _ = commits
    shutil.rmtree(worktree.at(directory, first))
    assert (worktree.at(directory, first) / "file").read_text() == "first"


def test_an_unknown_commit_is_an_error(commits: tuple[Path, str, str]) -> None:
    with pytest.raises(UsageError, match="no commit 000000000000; run `git fetch` first"):
        worktree.at(commits[0], "0" * 40)
