"""Mach-O: architectures, the oldest system, where libraries are looked for, signatures."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from release.gate.binary.where import Place
from release.gate.target import MACOS_NAMES
from release.model.finding import Check, Finding

_SYSTEM = ("/usr/lib/", "/System/Library/")
_FIRST = {"aarch64": (11, 0)}
"""The first macOS that runs on a processor; a tag of `universal2` may name an older one."""
_PROGRAM_DIRECTORY = "@executable_path"
_OWN_DIRECTORY = ("@loader_path", _PROGRAM_DIRECTORY)


def check(place: Place) -> Iterator[Finding]:
    """Holds a Mach-O file against its target."""
    binary, target = place.binary, place.target
    needed = dict(binary.minimum_os)
    for cpu in sorted(binary.cpus & target.cpus):
        if cpu not in needed:
            yield place.wrong(
                Check.MINIMUM_OS,
                f"its {MACOS_NAMES[cpu]} code does not say which macOS it needs",
            )
        # A tag older than a processor promises the first system that ran on it.
        elif target.minimum_os and needed[cpu] > max(target.minimum_os, _FIRST.get(cpu, (0, 0))):
            yield place.wrong(
                Check.MINIMUM_OS,
                f"its {MACOS_NAMES[cpu]} code needs macOS {_dotted(needed[cpu])}, and "
                f"{target.name} promises {_dotted(target.minimum_os)}",
            )
    if "aarch64" in binary.unsigned:
        yield place.wrong(
            Check.SIGNATURE, "its arm64 code is not signed, and macOS kills such a program"
        )
    yield from _check_libraries(place)


def _check_libraries(place: Place) -> Iterator[Finding]:
    directories = []
    for entry in place.binary.search:
        if entry.startswith(_SYSTEM):
            continue
        directory = _directory(place, entry)
        if directory is None:
            yield place.wrong(
                Check.RPATH,
                f"it searches {entry} for libraries, which is not inside; it must be below "
                "@loader_path",
            )
        else:
            directories.append(directory)
    if place.binary.name.startswith("/"):
        yield place.wrong(
            Check.INSTALL_NAME,
            f"its install name is {place.binary.name}, a path that one machine has; use @rpath",
        )
    for library in place.binary.needed:
        if library.startswith("@rpath/"):
            rest = library.removeprefix("@rpath/")
            found = any(_join(directory, rest) in place.members for directory in directories)
        elif library.startswith(_OWN_DIRECTORY):
            found = _directory(place, library) in place.members
        elif library.startswith(_SYSTEM):
            found = True
        elif library.startswith("/"):
            yield place.wrong(
                Check.INSTALL_NAME,
                f"it needs {library}, a path that macOS itself does not have",
            )
            continue
        else:
            found = False
        if not found:
            yield place.wrong(
                Check.LIBRARY, f"it needs {library}, which is not in its search path inside"
            )


def _directory(place: Place, entry: str) -> str | None:
    """What a path relative to the file names inside, or None."""
    if place.binary.extension and entry.startswith(_PROGRAM_DIRECTORY):
        return None  # the program is Python, wherever that lies
    return place.named(entry, _OWN_DIRECTORY)


def _join(directory: str, name: str) -> str:
    return posixpath.normpath(f"{directory}/{name}")


def _dotted(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"
