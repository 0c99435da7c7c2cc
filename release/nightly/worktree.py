"""A second checkout, for building another commit than the one that is checked out."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

from release.model.errors import UsageError


def at(workspace: Path, commit: str) -> Path:
    """Checks out a commit in a worktree in the user's cache, and returns its path.

    Each workspace has one worktree, which moves from commit to commit so that Bazel can reuse the
    outputs of the previous nightly.

    Args:
      workspace: a checkout of the same repository.
      commit: 40 hex digits.

    Raises:
      UsageError: the repository lacks the commit, or cannot check it out.
    """
    name = hashlib.sha256(str(workspace.resolve()).encode()).hexdigest()[:12]
    path = _cache() / "worktrees" / name
    if _git(workspace, "cat-file", "-e", f"{commit}^{{commit}}") is None:
        raise UsageError(f"{workspace}: no commit {commit[:12]}; run `git fetch` first")
    if not (path / ".git").exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        # --force: git may still list a worktree there whose directory was deleted.
        output = _git(workspace, "worktree", "add", "--force", "--detach", str(path), commit)
    else:
        output = _git(path, "checkout", "--quiet", "--force", "--detach", commit)
    if output is None:
        raise UsageError(f"{path}: cannot check out {commit[:12]}; delete this directory")
    # Untracked files of an older commit must not be built with.
    _git(path, "clean", "--quiet", "--force", "-d")
    return path


def _git(directory: Path, *arguments: str) -> str | None:
    """The output of git; None if it failed."""
    try:
        done = subprocess.run(
            ["git", "-c", "safe.directory=*", "-C", str(directory), *arguments],
            capture_output=True,
            text=True,
        )
    except FileNotFoundError:
        raise UsageError("git is not on PATH; install it") from None
    return None if done.returncode else done.stdout


def _cache() -> Path:
    """The user's cache directory, as chosen by `bazelw`."""
    if path := os.environ.get("IREE_RELEASE_CACHE"):
        return Path(path)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "iree-release")
