"""A night builds the commit that it publishes, not what somebody works on."""

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
    """A checkout, and its two commits; its directory has changes that nobody committed."""
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


def test_a_commit_is_checked_out_as_it_is(commits: tuple[Path, str, str]) -> None:
    directory, first, _ = commits
    assert (worktree.at(directory, first) / "file").read_text() == "first"
    assert (directory / "file").read_text() == "not committed"


def test_the_next_night_moves_it_and_leaves_nothing_of_the_last(
    commits: tuple[Path, str, str],
) -> None:
    """Catches: files of another commit that are built with."""
    directory, first, second = commits
    path = worktree.at(directory, first)
    (path / "left").write_text("by a night that was killed")
    (path / "file").write_text("changed")
    assert worktree.at(directory, second) == path
    assert (path / "file").read_text() == "second"
    assert not (path / "left").exists()


def test_a_worktree_that_was_deleted_is_made_again(commits: tuple[Path, str, str]) -> None:
    directory, first, _ = commits
    shutil.rmtree(worktree.at(directory, first))
    assert (worktree.at(directory, first) / "file").read_text() == "first"


def test_a_commit_that_is_not_here_is_named(commits: tuple[Path, str, str]) -> None:
    with pytest.raises(UsageError, match="does not have the commit 000000000000; `git fetch` it"):
        worktree.at(commits[0], "0" * 40)
