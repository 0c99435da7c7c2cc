"""Paths in archives: what they may look like so that every system unpacks the same files."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from pathlib import PurePosixPath

from release.gate.archive.member import Problem
from release.model.finding import Check

_LONGEST = 240  # what is left of Windows' 260 characters in a short directory
_RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|com[0-9]|lpt[0-9])(\..*)?", re.I)
_FOREIGN = '\\:*?"<>|'


def problems(path: str) -> Iterator[Problem]:
    """What is wrong with a path by itself.

    Names are ASCII: what looks like an ASCII letter and is none serves no honest purpose here, and
    systems disagree on how to compose the others.
    """
    shown = ascii(path) if not path.isascii() else repr(path)

    def wrong(cause: str) -> Problem:
        return Problem(Check.ARCHIVE_PATH, f"the path {shown} {cause}", path)

    pure = PurePosixPath(path)
    if path.startswith("/"):
        yield wrong("is absolute")
    elif ".." in pure.parts:
        yield wrong("climbs out of the archive")
    elif not pure.parts or str(pure) != path:
        yield wrong("is not in its shortest form")
    if not path.isascii():
        yield wrong("has characters that are not ASCII, which may look like others")
    elif not path.isprintable():
        yield wrong("has control characters")
    if found := sorted(set(path) & set(_FOREIGN)):
        yield wrong(f"has {''.join(found)}, which Windows does not take in a name")
    if any(_RESERVED.fullmatch(part) for part in pure.parts):
        yield wrong("is a name that Windows reserves for a device")
    if any(part != part.rstrip(". ") and part.strip(".") for part in pure.parts):
        yield wrong("has a part that ends in a dot or a space, which Windows drops")
    if len(path) > _LONGEST:
        yield wrong(f"has {len(path)} characters, and Windows takes {_LONGEST}")


class Names:
    """The paths of one archive, each of which must be another file on every system."""

    def __init__(self) -> None:
        # Everything by the name under which a system without case knows it.
        self._files: dict[str, str] = {}
        self._directories: dict[str, str] = {}

    def add(self, path: str, *, directory: bool) -> Iterator[Problem]:
        """Takes one more path; yields what is wrong with it by itself and beside the others."""
        yield from problems(path)
        key = _fold(path)
        parents = {_fold(str(parent)): str(parent) for parent in PurePosixPath(path).parents}
        parents.pop(".", None)
        if not directory and key in self._files:
            yield _double(path, self._files[key])
        for known, name in [*parents.items(), *([(key, path)] if directory else [])]:
            if known in self._files:
                cause = f"{self._files[known]} is a file in it, and {name} a directory"
                yield Problem(Check.ARCHIVE_DOUBLE, cause, path)
            elif self._directories.setdefault(known, name) != name:
                yield _double(name, self._directories[known])
        if not directory:
            if key in self._directories:
                cause = f"{path} is a file in it, and {self._directories[key]} a directory"
                yield Problem(Check.ARCHIVE_DOUBLE, cause, path)
            self._files.setdefault(key, path)


def _double(path: str, twin: str) -> Problem:
    if path == twin:
        cause = f"{path} is in it twice"
    else:
        cause = f"{path} and {twin} are the same on systems that ignore case"
    return Problem(Check.ARCHIVE_DOUBLE, cause, path)


def _fold(path: str) -> str:
    return unicodedata.normalize("NFKC", path).casefold()
