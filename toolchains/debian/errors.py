"""Errors of preparing a prefix; each message is one sentence with the fix."""

from typing import ClassVar


class UnavailableError(Exception):
    """This machine cannot provide what was asked for; the message says why and how to fix it."""

    exit_code: ClassVar[int] = 2


class UnreachableError(UnavailableError):
    """A remote failed; the same request may succeed on a retry."""

    exit_code: ClassVar[int] = 75
