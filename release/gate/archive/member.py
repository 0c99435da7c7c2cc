"""What the readers of both archive formats share: members, problems, limits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from release.model.finding import Check

CHUNK = 1 << 20
"""The most bytes that a reader yields at once."""

_GIB = 1 << 30


class ArchiveError(Exception):
    """An archive or a member cannot be read; the message is one sentence."""

    def __init__(self, message: str, check: Check = Check.ARCHIVE_BROKEN) -> None:
        super().__init__(message)
        self.check = check


@dataclass(frozen=True, slots=True)
class ArchiveLimits:
    """Limits on the content of an archive, against archive bombs."""

    members: int = 20_000
    """Files, directories and links."""
    size: int = 4 * _GIB
    """Total bytes of content."""
    ratio: int = 200
    """Bytes of content per byte of the archive, above 64 MiB of content."""

    def check(self, inflated: int, size: int) -> None:
        """Checks how much content an archive of `size` bytes has.

        Raises:
          ArchiveError: it exceeds a limit.
        """
        if inflated > self.size or (inflated > (64 << 20) and inflated > self.ratio * size):
            raise ArchiveError(
                f"its {size} bytes decompress to {inflated} or more, which exceeds the limits for "
                "a release",
                Check.ARCHIVE_BOMB,
            )


@dataclass(frozen=True, slots=True)
class Problem:
    """A fault of an archive or a member; becomes a Finding about the archive."""

    check: Check
    message: str
    member: str = ""


@dataclass(frozen=True, slots=True)
class Member:
    """One entry of an archive."""

    path: str
    """As in the archive, without a trailing slash."""
    kind: Literal["file", "directory", "link"]
    size: int
    """Declared bytes of content."""
    mode: int
    """Unix permission bits."""
    content: Iterator[bytes] = field(compare=False)
    """The content in chunks; read it before you request the next member. Raises ArchiveError if
    it is not what the archive declares."""
    target: str = ""
    """Target of a link, relative to the archive's root; starts with / or ../ if outside it."""
