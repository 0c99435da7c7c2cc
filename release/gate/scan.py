"""Searches files for version stamps and for paths of the machine that built them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from packaging.version import InvalidVersion, Version

from release.model.finding import Check, Finding

# Bytes that a match may extend before and after the start of the fixed word in it.
_BEFORE = 64
_AFTER = 160

# Searching for a few fixed words first is about twenty times as fast as the patterns alone.
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
    """What a scanner found in a file."""

    stamps: tuple[str, ...] = ()
    """Versions, sorted."""
    paths: tuple[str, ...] = ()
    """One example for each kind of build directory."""


class Scanner:
    """Scans a file chunk by chunk."""

    def __init__(self, system: str | None, candidate_version: str | None = None) -> None:
        """Creates a scanner for one file.

        Args:
          system: the system of a native file; None for text, in which paths of all systems are
            searched for, but no stamps except the candidate's version.
          candidate_version: the version of the candidate that the release was promoted from.
        """
        paths = _NATIVE_PATHS.get(system, ()) if system else tuple(_PATHS)
        stamps = dict(_STAMPS) if system else {}
        if candidate_version:
            word = candidate_version.encode()
            stamps[word] = re.compile(rb"(?<![\w.])" + re.escape(word) + rb"(?!\w|\.\d)")
        self._stamps = tuple(stamps)
        self._words = {word: _PATHS[word] for word in paths} | stamps
        self._tail = b""
        self._searched = 0  # bytes of the tail that were already searched
        self._found: dict[bytes, dict[str, None]] = {word: {} for word in self._words}

    def feed(self, chunk: bytes) -> None:
        """Scans the next bytes."""
        self._search(self._tail + chunk, last=False)

    def finish(self) -> Traces:
        """Scans the end of the file, and returns everything found in it."""
        self._search(self._tail, last=True)
        return Traces(
            stamps=tuple(sorted({stamp for word in self._stamps for stamp in self._found[word]})),
            paths=tuple(next(iter(p)) for word in _PATHS if (p := self._found.get(word))),
        )

    def _search(self, data: bytes, *, last: bool) -> None:
        """Searches from the end of the last search up to where a match may be incomplete."""
        end = len(data) if last else max(self._searched, len(data) - _AFTER)
        for word, pattern in self._words.items():
            at = data.find(word, self._searched)
            while 0 <= at < end:
                for match in pattern.finditer(data, max(0, at - _BEFORE), at + _AFTER):
                    if match.start() <= at <= match.end():
                        self._found[word][match[0].decode(errors="replace")] = None
                at = data.find(word, at + 1)
        start = max(0, end - _BEFORE)
        self._tail, self._searched = data[start:], end - start


def check_native(
    file: str,
    member: str,
    traces: Traces,
    version: str,
    pinned: Sequence[str],
    candidate_version: str | None = None,
) -> Iterator[Finding]:
    """Checks the stamps and paths in a native file.

    Args:
      file: the archive.
      member: the native file in it.
      traces: what was found in it.
      version: the release's version.
      pinned: versions of the upstream releases that the archive's native files come from,
        according to the manifest. Traces inherited from them are notes, not faults.
      candidate_version: the version of the candidate that the release was promoted from.
    """
    yield from _check_candidate(file, member, traces, candidate_version)
    for stamp in traces.stamps:
        if stamp not in (version, candidate_version):
            inherited = any(_release(stamp) == _release(origin) for origin in pinned)
            yield Finding(
                file,
                Check.STAMP,
                f"contains the version {stamp}, but the release is {version}"
                + ("; the manifest declares it as pinned payload" if inherited else ""),
                member=member,
                fault=not inherited,
            )
    for path in traces.paths:
        yield Finding(
            file,
            Check.BUILD_PATH,
            f"contains paths of the machine that built it, such as {path}",
            member=member,
            fault=not pinned,
        )


def check_text(
    file: str, member: str, traces: Traces, candidate_version: str | None = None
) -> Iterator[Finding]:
    """Checks the paths in a text file: a build path there is always a fault."""
    yield from _check_candidate(file, member, traces, candidate_version)
    for path in traces.paths:
        message = f"contains a path of the machine that built it: {path}"
        yield Finding(file, Check.BUILD_PATH, message, member=member)


def _check_candidate(
    file: str, member: str, traces: Traces, candidate_version: str | None
) -> Iterator[Finding]:
    """Notes the candidate's version, which a promotion does not rewrite in native code."""
    if candidate_version in traces.stamps:
        message = f"still contains the candidate's version, {candidate_version}"
        yield Finding(file, Check.STAMP, message, member=member, fault=False)


def _release(version: str) -> tuple[int, ...] | str:
    """(3, 13, 0) of 3.13.0rc20261016."""
    try:
        return Version(version).release
    except InvalidVersion:
        return version
