"""The layout of a dist: which files of which payload go where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import Any

from assembly.errors import UsageError


@dataclass(frozen=True, slots=True)
class Rule:
    """Where the files that fit a pattern go."""

    payload: str
    """The payload that has them."""
    select: str
    """Pattern of their paths in the payload; `*` stands for any part of one name."""
    to: str
    """The directory of the dist they go to."""
    executable: bool = False
    """Whether they may be run: mode 0755, else 0644."""
    link_from: str | None = None
    """A directory that gets a symbolic link to each of them."""

    def link_target(self, name: str) -> str:
        """What the link to the file `name` says: the way from `link_from` to it."""
        assert self.link_from is not None
        up = "../" * len(PurePosixPath(self.link_from).parts)
        return f"{up}{self.to}/{name}"


def rule(data: Mapping[str, Any], where: str) -> Rule:
    """Parses one rule of the layout that the file `where` declares.

    Raises:
      UsageError: a key is unknown or missing.
    """
    try:
        return Rule(**data)
    except TypeError as error:
        raise UsageError(f"{where}: not a rule of a dist's layout: {data} ({error})") from error


def matches(path: str, pattern: str) -> bool:
    """Whether a path in a payload fits the pattern of a rule."""
    names, globs = path.split("/"), pattern.split("/")
    return len(names) == len(globs) and all(map(fnmatchcase, names, globs))
