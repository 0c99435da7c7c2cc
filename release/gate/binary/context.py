"""What the rules know about a native file: its headers, its archive, and its target."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from release.gate.binary.abi import Abi
from release.gate.binary.facts import Binary
from release.gate.target import Target
from release.model.finding import Check, Finding


@dataclass(frozen=True, slots=True)
class BinaryContext:
    """A native file in an archive, and one of the targets that the archive is for."""

    file: str
    """Name of the archive."""
    member: str
    """Path of the native file in it."""
    binary: Binary
    members: Collection[str]
    """Paths of everything in the archive."""
    target: Target
    abi: Abi | None
    """The Python ABI of a wheel's tags; None for a dist or a pure wheel."""

    @property
    def directory(self) -> str:
        """The directory that contains it."""
        return posixpath.dirname(self.member)

    def finding(self, check: Check, message: str) -> Finding:
        """A finding about it."""
        return Finding(self.file, check, message, member=self.member)

    def resolve(self, relative: str) -> str | None:
        """A path relative to its directory, or None if that is outside the archive."""
        path = posixpath.normpath(posixpath.join(self.directory, relative))
        return None if path.startswith(("..", "/")) else path

    def expand(self, entry: str, origins: Iterable[str]) -> str | None:
        """The path in the archive of an entry that starts with an origin, or None.

        Args:
          entry: a search path or a library's name.
          origins: variables for the file's own directory, such as $ORIGIN.
        """
        for origin in origins:
            if entry == origin or entry.startswith(origin + "/"):
                return self.resolve(entry.removeprefix(origin).lstrip("/"))
        return None

    def has_directory(self, path: str) -> bool:
        """Whether the archive has members in a directory."""
        return path == "." or any(member.startswith(f"{path}/") for member in self.members)
