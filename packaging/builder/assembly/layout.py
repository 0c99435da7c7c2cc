"""The layout of a dist: which files of which payload go where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import Any

from builder.assembly.errors import UsageError


@dataclass(frozen=True, slots=True)
class Rule:
    """Where the files that match a pattern go."""

    payload: str
    """The payload that contains them."""
    pattern: str
    """Pattern of their paths in the payload; `*` matches within one path segment."""
    to: str
    """The directory of the dist that they go to."""
    executable: bool = False
    """Whether their mode is 0755 instead of 0644."""
    link_from: str | None = None
    """A directory of the dist that gets a symbolic link to each of them."""

    def link_target(self, name: str) -> str:
        """Returns the target of the link to the file `name`, relative to `link_from`."""
        assert self.link_from is not None
        up = "../" * len(PurePosixPath(self.link_from).parts)
        return f"{up}{self.to}/{name}"


def rule(data: Mapping[str, Any], where: str) -> Rule:
    """Parses a rule of the layout that the file `where` declares.

    Raises:
      UsageError: a key is unknown or missing.
    """
    try:
        return Rule(**data)
    except TypeError as error:
        raise UsageError(f"{where}: invalid rule of a dist layout: {data} ({error})") from error


def matches(path: str, pattern: str) -> bool:
    """Returns whether a path in a payload matches the pattern of a rule."""
    names, globs = path.split("/"), pattern.split("/")
    return len(names) == len(globs) and all(map(fnmatchcase, names, globs))
