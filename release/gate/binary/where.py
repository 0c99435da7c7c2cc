"""Where a native file lies, and what lies around it."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from release.gate.binary.abi import Abi
from release.gate.binary.facts import Binary
from release.gate.target import Target
from release.model.finding import Check, Finding


@dataclass(frozen=True, slots=True)
class Place:
    """A native file in an archive, on one of the systems that the archive is for."""

    file: str
    """Name of the archive."""
    member: str
    """Path of the native file in it."""
    binary: Binary
    members: Collection[str]
    """Paths of everything in the archive."""
    target: Target
    abi: Abi | None
    """What a wheel's tags say of Python; None in a dist, where there is none."""

    @property
    def directory(self) -> str:
        """The directory that it lies in."""
        return posixpath.dirname(self.member)

    def wrong(self, check: Check, message: str) -> Finding:
        """A finding about it."""
        return Finding(self.file, check, message, member=self.member)

    def below(self, relative: str) -> str | None:
        """A path seen from its directory, or None when that leaves the archive."""
        path = posixpath.normpath(posixpath.join(self.directory, relative))
        return None if path.startswith(("..", "/")) else path

    def named(self, entry: str, origins: Iterable[str]) -> str | None:
        """What a path names inside that starts with a word for the file's own directory, or None.

        Args:
          entry: a search path or a library's name.
          origins: the words, such as $ORIGIN.
        """
        for origin in origins:
            if entry == origin or entry.startswith(origin + "/"):
                return self.below(entry.removeprefix(origin).lstrip("/"))
        return None

    def has_directory(self, path: str) -> bool:
        """Whether the archive has something in a directory."""
        return path == "." or any(member.startswith(f"{path}/") for member in self.members)
