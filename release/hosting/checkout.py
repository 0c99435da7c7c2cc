"""A checkout on this machine as a source of commits."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from release.hosting.source import CheckRun, Commit, CommitSource
from release.model.errors import UsageError

MOST = 250
"""Commits between two, as GitHub tells them."""

_FORMAT = "%H%x00%cI%x00%an%x00%s"


class Checkout(CommitSource):
    """A git checkout; nothing is checked in it."""

    def __init__(self, path: Path) -> None:
        """A checkout.

        Raises:
          UsageError: git is not there, or the directory is in no repository.
        """
        self.path = path
        self.name = str(path)
        if self._git("rev-parse", "--git-dir") is None:
            raise UsageError(f"{path}: not a git checkout; name one with --source")

    @property
    def head(self) -> str:
        """The commit that is checked out.

        Raises:
          UsageError: there is none yet.
        """
        return self.commit("HEAD").sha

    @property
    def dirty(self) -> bool:
        """Whether a tracked file differs from that commit, or a new one is not ignored."""
        return bool(self._git("status", "--porcelain"))

    def first_parents(self, branch: str) -> Iterator[Commit]:
        """The commits of a branch by first parents, the newest first."""
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
        """A commit by its digits, or by the name of a branch or tag."""
        shown = self._git(
            "log", "-1", f"--format={_FORMAT}", "--end-of-options", f"{revision}^{{commit}}"
        )
        if not shown:
            raise UsageError(f"{self.path}: it has no commit {revision}; `git fetch` it first")
        return _commit(shown)

    def checks(self, commit: str) -> Sequence[CheckRun] | None:  # noqa: ARG002
        """None: nothing is checked here."""
        return None

    def required_checks(self, branch: str) -> Sequence[str] | None:  # noqa: ARG002
        """None: nothing is checked here."""
        return None

    def between(self, base: str, head: str) -> Sequence[Commit]:
        """The commits of `head` by first parents that `base` has not, the newest first."""
        if self._git("cat-file", "-e", f"{base}^{{commit}}") is None:
            return ()
        shown = self._git(
            "log",
            "--first-parent",
            f"--max-count={MOST}",
            f"--format={_FORMAT}",
            "--end-of-options",
            f"{base}..{head}",
        )
        return tuple(_commit(line) for line in (shown or "").splitlines())

    def _git(self, *arguments: str) -> str | None:
        """What git printed; None when it failed."""
        try:
            ended = subprocess.run(
                self._command(*arguments), capture_output=True, text=True, errors="replace"
            )
        except FileNotFoundError:
            raise UsageError("git is not on PATH; install it") from None
        return None if ended.returncode else ended.stdout

    def _command(self, *arguments: str) -> list[str]:
        # A checkout that belongs to another user is no danger to reading.
        return ["git", "-c", "safe.directory=*", "-C", str(self.path), *arguments]


def _commit(line: str) -> Commit:
    sha, committed, author, subject = line.rstrip("\n").split("\0", 3)
    return Commit(sha, subject, author, datetime.fromisoformat(committed).astimezone(UTC))
