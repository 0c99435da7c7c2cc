"""What a verb can end with but success: one sentence for the user, and an exit code."""

from __future__ import annotations

from typing import ClassVar


class CommandError(Exception):
    """A verb cannot do what it was asked to; the message is one sentence that names the mend."""

    exit_code: ClassVar[int] = 1


class Refused(CommandError):
    """What was asked for must not be done, or something was found wrong."""

    exit_code = 1


class UsageError(CommandError):
    """A flag, a file or the environment is wrong."""

    exit_code = 2


class RemoteError(CommandError):
    """A remote failed for now; the same command, run again, goes on where this one ended."""

    exit_code = 75
