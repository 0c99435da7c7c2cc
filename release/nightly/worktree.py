"""A second checkout, for a commit that is not the one somebody works on."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

from release.model.errors import UsageError


def at(workspace: Path, commit: str) -> Path:
    """Checks a commit out beside the user's caches, and returns where.

    Each workspace has one such checkout, which is moved from commit to commit, so that Bazel finds
    there what it knew the night before.

    Args:
      workspace: a checkout of the same repository.
      commit: 40 hex digits.

    Raises:
      UsageError: the repository does not have that commit, or cannot check it out.
    """
    name = hashlib.sha256(str(workspace.resolve()).encode()).hexdigest()[:12]
    path = _cache() / "worktrees" / name
    if _git(workspace, "cat-file", "-e", f"{commit}^{{commit}}") is None:
        raise UsageError(
            f"{workspace}: it does not have the commit {commit[:12]}; `git fetch` it first"
        )
    if not (path / ".git").exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        # Forced: git may still know a worktree there that somebody deleted.
        made = _git(workspace, "worktree", "add", "--force", "--detach", str(path), commit)
    else:
        made = _git(path, "checkout", "--quiet", "--force", "--detach", commit)
    if made is None:
        raise UsageError(f"{path}: {commit[:12]} cannot be checked out there; delete the directory")
    # What an older commit left and did not ignore would be built with.
    _git(path, "clean", "--quiet", "--force", "-d")
    return path


def _git(directory: Path, *arguments: str) -> str | None:
    """What git printed; None when it failed."""
    try:
        ended = subprocess.run(
            ["git", "-c", "safe.directory=*", "-C", str(directory), *arguments],
            capture_output=True,
            text=True,
        )
    except FileNotFoundError:
        raise UsageError("git is not on PATH; install it") from None
    return None if ended.returncode else ended.stdout


def _cache() -> Path:
    """The user's cache, as `bazelw` chooses it."""
    if own := os.environ.get("IREE_RELEASE_CACHE"):
        return Path(own)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "iree-release")
