"""A source that reads commits from a git checkout on this machine."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from release.hosting.source import CheckRun, Commit, CommitSource
from release.model.errors import UsageError

MAX_COMMITS = 250
"""Commits that `between` returns, the same as GitHub."""

_FORMAT = "%H%x00%cI%x00%an%x00%s"


class Checkout(CommitSource):
    """A git checkout; it has no checks."""

    def __init__(self, path: Path) -> None:
        """Opens a checkout.

        Raises:
          UsageError: git is not installed, or the directory is not in a repository.
        """
        self.path = path
        self.name = str(path)
        if self._git("rev-parse", "--git-dir") is None:
            raise UsageError(f"{path}: not a git checkout; name one with --source")

    @property
    def head(self) -> str:
        """The commit that is checked out.

        Raises:
          UsageError: the repository has no commits yet.
        """
        return self.commit("HEAD").sha

    @property
    def dirty(self) -> bool:
        """Whether tracked files differ from that commit, or untracked files are not ignored."""
        return bool(self._git("status", "--porcelain"))

    def first_parents(self, branch: str) -> Iterator[Commit]:
        """The first-parent history of a branch, newest first."""
        self.commit(branch)
        command = self._command("log", "--first-parent", f"--format={_FORMAT}", "--end-of-options")
        with subprocess.Popen([*command, branch], stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout
            try:
                for line in process.stdout:
                    yield _commit(line)
            finally:
                process.kill()

    def commit(self, revision: str) -> Commit:
        """Looks up a commit by its hash, or by the name of a branch or tag."""
        output = self._git(
            "log", "-1", f"--format={_FORMAT}", "--end-of-options", f"{revision}^{{commit}}"
        )
        if not output:
            raise UsageError(f"{self.path}: no commit {revision}; run `git fetch` first")
        return _commit(output)

    def checks(self, commit: str) -> Sequence[CheckRun] | None:  # noqa: ARG002
        """None: a checkout has no checks."""
        return None

    def required_checks(self, branch: str) -> Sequence[str] | None:  # noqa: ARG002
        """None: a checkout has no checks."""
        return None

    def between(self, base: str, head: str) -> Sequence[Commit]:
        """The first-parent history of `head` that `base` lacks, newest first."""
        if self._git("cat-file", "-e", f"{base}^{{commit}}") is None:
            return ()
        output = self._git(
            "log",
            "--first-parent",
            f"--max-count={MAX_COMMITS}",
            f"--format={_FORMAT}",
            "--end-of-options",
            f"{base}..{head}",
        )
        return tuple(_commit(line) for line in (output or "").splitlines())

    def _git(self, *arguments: str) -> str | None:
        """The output of git; None if it failed."""
        try:
            result = subprocess.run(
                self._command(*arguments), capture_output=True, text=True, errors="replace"
            )
        except FileNotFoundError:
            raise UsageError("git is not on PATH; install it") from None
        return None if result.returncode else result.stdout

    def _command(self, *arguments: str) -> list[str]:
        # Reading a checkout that belongs to another user is safe.
        return ["git", "-c", "safe.directory=*", "-C", str(self.path), *arguments]


def _commit(line: str) -> Commit:
    sha, committed, author, subject = line.rstrip("\n").split("\0", 3)
    return Commit(sha, subject, author, datetime.fromisoformat(committed).astimezone(UTC))
