"""How a command fails: one sentence for the user, and an exit code."""

from __future__ import annotations

from typing import ClassVar


class CommandError(Exception):
    """A command failed; the message is one sentence that says how to fix it."""

    exit_code: ClassVar[int] = 1


class Refused(CommandError):
    """The request must not be carried out, or a check failed."""

    exit_code = 1


class UsageError(CommandError):
    """A flag, a file or the environment is invalid."""

    exit_code = 2


class RemoteError(CommandError):
    """A remote failed temporarily; run the same command again to continue."""

    exit_code = 75
