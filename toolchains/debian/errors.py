"""Why a prefix cannot be had, in one sentence a person can act on."""

from typing import ClassVar


class UnavailableError(Exception):
    """The request cannot be met as it stands: the message says what was found and what mends it."""

    exit_code: ClassVar[int] = 2


class UnreachableError(UnavailableError):
    """A remote failed: the same request may succeed when it is made again."""

    exit_code: ClassVar[int] = 75
