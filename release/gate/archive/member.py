"""What both kinds of archive have in common: members, problems, limits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from release.model.finding import Check

CHUNK = 1 << 20
"""The most bytes that are handed out at once."""

_GIB = 1 << 30


class ArchiveError(Exception):
    """What comes next cannot be read; the message is one sentence."""

    def __init__(self, message: str, check: Check = Check.ARCHIVE_BROKEN) -> None:
        super().__init__(message)
        self.check = check


@dataclass(frozen=True, slots=True)
class ArchiveLimits:
    """How much an archive may make of a reader's time and memory."""

    members: int = 20_000
    """Files, directories and links."""
    size: int = 4 * _GIB
    """Bytes of all content together."""
    ratio: int = 200
    """Bytes of content for each byte of the archive, once there are 64 MiB of content."""

    def check(self, inflated: int, size: int) -> None:
        """Refuses more content than an archive of `size` bytes may hold.

        Raises:
          ArchiveError: it is a bomb.
        """
        if inflated > self.size or (inflated > (64 << 20) and inflated > self.ratio * size):
            raise ArchiveError(
                f"{size} bytes inflate to {inflated} or more, which no file of a release does",
                Check.ARCHIVE_BOMB,
            )


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with an archive or a member, not yet tied to a file's name."""

    check: Check
    message: str
    member: str = ""


@dataclass(frozen=True, slots=True)
class Member:
    """One entry of an archive."""

    path: str
    """As the archive has it, without a slash at the end."""
    kind: Literal["file", "directory", "link"]
    size: int
    """Declared bytes of content."""
    mode: int
    """Unix permission bits."""
    content: Iterator[bytes] = field(compare=False)
    """The content in chunks, to be read before the next member is asked for. Raises ArchiveError
    where it is not what the archive declares."""
    target: str = ""
    """Where a link leads, as it stands there."""
