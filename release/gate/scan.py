"""What the bytes of a file give away: version stamps, and paths of the machine that built it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from packaging.version import InvalidVersion, Version

from release.model.finding import Check, Finding

_BEFORE = 64  # bytes that may belong to a find, before the words that are looked for
_BEHIND = 160  # and from there on

# Looking for few fixed words is some twenty times as fast as running these over everything.
_STAMPS = {
    b"rc20": re.compile(rb"\d+\.\d+\.\d+rc20\d{6}(?!\d)"),
    b"dev20": re.compile(rb"\d+\.\d+\.\d+\.?dev20\d{6}(?!\d)"),
    b" @ ": re.compile(rb"\d[\w.+]*(?= @ [0-9a-f]{40}(?![0-9a-f]))"),
}
_PATH_END = rb"[^\s\0\"'<>|*?:,;)]*"
_PATHS = {
    b"/home/": re.compile(rb"(?<![\w.~/-])/home/\w" + _PATH_END),
    b"/Users/": re.compile(rb"(?<![\w.~/-])/Users/\w" + _PATH_END),
    b"/__w/": re.compile(rb"(?<![\w.~/-])/__w/\w" + _PATH_END),
    b":\\a\\": re.compile(rb"(?<!\w)[A-Z]:\\a\\\w" + _PATH_END),
    b":\\Users\\": re.compile(rb"(?<!\w)[A-Z]:\\Users\\\w" + _PATH_END),
}
_NATIVE_PATHS = {
    "linux": (b"/home/", b"/__w/"),
    "macos": (b"/Users/",),
    "windows": (b":\\a\\", b":\\Users\\"),
}


@dataclass(frozen=True, slots=True)
class Traces:
    """What was found in a file."""

    stamps: tuple[str, ...] = ()
    """Versions, sorted."""
    paths: tuple[str, ...] = ()
    """A path for each place where builds happen."""


class Scanner:
    """Looks through a file, chunk by chunk."""

    def __init__(self, system: str | None, former: str | None = None) -> None:
        """A scanner of one file.

        Args:
          system: that of a native file; None for text, which has all paths, and no stamps but the
            former version.
          former: the version of the candidate that the release was promoted from.
        """
        paths = _NATIVE_PATHS.get(system, ()) if system else tuple(_PATHS)
        stamps = dict(_STAMPS) if system else {}
        if former:
            word = former.encode()
            stamps[word] = re.compile(rb"(?<![\w.])" + re.escape(word) + rb"(?!\w|\.\d)")
        self._stamps = tuple(stamps)
        self._words = {word: _PATHS[word] for word in paths} | stamps
        self._tail = b""
        self._looked = 0  # up to there, words in the tail were looked for
        self._found: dict[bytes, dict[str, None]] = {word: {} for word in self._words}

    def feed(self, chunk: bytes) -> None:
        """Takes the next bytes."""
        self._search(self._tail + chunk, last=False)

    def finish(self) -> Traces:
        """What was found in all of it."""
        self._search(self._tail, last=True)
        return Traces(
            stamps=tuple(sorted({stamp for word in self._stamps for stamp in self._found[word]})),
            paths=tuple(next(iter(p)) for word in _PATHS if (p := self._found.get(word))),
        )

    def _search(self, data: bytes, *, last: bool) -> None:
        """Looks for words from where the last search ended to where finds may still be cut."""
        end = len(data) if last else max(self._looked, len(data) - _BEHIND)
        for word, pattern in self._words.items():
            at = data.find(word, self._looked)
            while 0 <= at < end:
                for match in pattern.finditer(data, max(0, at - _BEFORE), at + _BEHIND):
                    if match.start() <= at <= match.end():
                        self._found[word][match[0].decode(errors="replace")] = None
                at = data.find(word, at + 1)
        kept = max(0, end - _BEFORE)
        self._tail, self._looked = data[kept:], end - kept


def check_native(
    file: str,
    member: str,
    traces: Traces,
    version: str,
    pinned: Sequence[str],
    former: str | None = None,
) -> Iterator[Finding]:
    """Findings about a native file.

    Args:
      file: the archive.
      member: the native file in it.
      traces: what was found in it.
      version: the release's version.
      pinned: versions of the upstream releases that, as the manifest declares, native bytes of
        this archive were taken from. What is inherited from them is told and no fault.
      former: the version of the candidate that the release was promoted from.
    """
    yield from _check_former(file, member, traces, former)
    for stamp in traces.stamps:
        if stamp not in (version, former):
            inherited = any(_release(stamp) == _release(origin) for origin in pinned)
            yield Finding(
                file,
                Check.STAMP,
                f"it calls itself {stamp}, and the release is {version}"
                + ("; the manifest declares it as pinned payload" if inherited else ""),
                member=member,
                fault=not inherited,
            )
    for path in traces.paths:
        yield Finding(
            file,
            Check.BUILD_PATH,
            f"it holds paths of the machine that built it, such as {path}",
            member=member,
            fault=not pinned,
        )


def check_text(
    file: str, member: str, traces: Traces, former: str | None = None
) -> Iterator[Finding]:
    """Findings about a text file: a path of a build in it is followed by somebody one day."""
    yield from _check_former(file, member, traces, former)
    for path in traces.paths:
        message = f"it holds a path of the machine that built it: {path}"
        yield Finding(file, Check.BUILD_PATH, message, member=member)


def _check_former(file: str, member: str, traces: Traces, former: str | None) -> Iterator[Finding]:
    """What a promotion leaves as it is, since it does not touch native code."""
    if former in traces.stamps:
        message = f"it still names the candidate, {former}"
        yield Finding(file, Check.STAMP, message, member=member, fault=False)


def _release(version: str) -> tuple[int, ...] | str:
    """(3, 13, 0) of 3.13.0rc20261016."""
    try:
        return Version(version).release
    except InvalidVersion:
        return version
