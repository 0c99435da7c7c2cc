"""Rules for paths in archives, so that every system unpacks the same files."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from pathlib import PurePosixPath

from release.gate.archive.member import Problem
from release.model.finding import Check

_LONGEST = 240  # Windows allows 260 characters, including the directory to unpack to
_RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|com[0-9]|lpt[0-9])(\..*)?", re.I)
_FORBIDDEN = '\\:*?"<>|'


def problems(path: str) -> Iterator[Problem]:
    """Problems of a path by itself.

    Paths must be ASCII: a character that imitates an ASCII letter has no legitimate use here, and
    systems disagree on how to normalise others.
    """
    shown = ascii(path) if not path.isascii() else repr(path)

    def problem(cause: str) -> Problem:
        return Problem(Check.ARCHIVE_PATH, f"the path {shown} {cause}", path)

    pure = PurePosixPath(path)
    if path.startswith("/"):
        yield problem("is absolute")
    elif ".." in pure.parts:
        yield problem("points outside the archive")
    elif not pure.parts or str(pure) != path:
        yield problem("is not normalised")
    if not path.isascii():
        yield problem("contains non-ASCII characters, which may imitate other paths")
    elif not path.isprintable():
        yield problem("contains control characters")
    if found := sorted(set(path) & set(_FORBIDDEN)):
        yield problem(f"contains {''.join(found)}, which Windows does not allow in file names")
    if any(_RESERVED.fullmatch(part) for part in pure.parts):
        yield problem("contains a name that Windows reserves for a device")
    if any(part != part.rstrip(". ") and part.strip(".") for part in pure.parts):
        yield problem("has a component that ends in a dot or a space, which Windows strips")
    if len(path) > _LONGEST:
        yield problem(f"has {len(path)} characters; at most {_LONGEST} are safe on Windows")


class Names:
    """The paths of one archive, which must be distinct files on every system."""

    def __init__(self) -> None:
        # By case-folded path, as a case-insensitive file system sees it.
        self._files: dict[str, str] = {}
        self._directories: dict[str, str] = {}

    def add(self, path: str, *, directory: bool) -> Iterator[Problem]:
        """Adds a path; yields its problems, by itself and with the paths added before."""
        yield from problems(path)
        key = _fold(path)
        parents = {_fold(str(parent)): str(parent) for parent in PurePosixPath(path).parents}
        parents.pop(".", None)
        if not directory and key in self._files:
            yield _duplicate(path, self._files[key])
        for known, name in [*parents.items(), *([(key, path)] if directory else [])]:
            if known in self._files:
                yield _conflict(path, file=self._files[known], directory=name)
            elif self._directories.setdefault(known, name) != name:
                yield _duplicate(name, self._directories[known])
        if not directory:
            if key in self._directories:
                yield _conflict(path, file=path, directory=self._directories[key])
            self._files.setdefault(key, path)


def _duplicate(path: str, other: str) -> Problem:
    if path == other:
        message = f"{path} appears twice"
    else:
        message = f"{path} and {other} are the same path on case-insensitive systems"
    return Problem(Check.ARCHIVE_DOUBLE, message, path)


def _conflict(path: str, *, file: str, directory: str) -> Problem:
    message = f"{file} is a file, but {directory} is a directory of the same name"
    return Problem(Check.ARCHIVE_DOUBLE, message, path)


def _fold(path: str) -> str:
    return unicodedata.normalize("NFKC", path).casefold()
