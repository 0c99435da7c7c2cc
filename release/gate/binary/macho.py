"""Mach-O: architectures, the oldest system, where libraries are looked for, signatures."""

from __future__ import annotations

from collections.abc import Iterator

from release.gate.binary.where import Place
from release.gate.finding import Check, Finding

_SYSTEM = ("/usr/lib/", "/System/Library/")
_OWN_FOLDER = ("@loader_path", "@executable_path")


def check(place: Place) -> Iterator[Finding]:
    """Holds a Mach-O file against its target."""
    binary, target = place.binary, place.target
    if binary.minimum_os is None:
        yield place.wrong(Check.MINIMUM_OS, "it does not say which macOS it needs")
    elif target.minimum_os and binary.minimum_os > target.minimum_os:
        yield place.wrong(
            Check.MINIMUM_OS,
            f"it needs macOS {_dotted(binary.minimum_os)}, and {target.name} promises "
            f"{_dotted(target.minimum_os)}",
        )
    if "aarch64" in binary.unsigned:
        yield place.wrong(
            Check.SIGNATURE, "its arm64 code is not signed, and macOS kills such a program"
        )
    yield from _check_libraries(place)


def _check_libraries(place: Place) -> Iterator[Finding]:
    folders = []
    for entry in place.binary.search:
        folder = _folder(place, entry)
        if folder is None:
            yield place.wrong(
                Check.RPATH,
                f"it searches {entry} for libraries, which is not inside; it must be below "
                "@loader_path",
            )
        else:
            folders.append(folder)
    if place.binary.name.startswith("/"):
        yield place.wrong(
            Check.INSTALL_NAME,
            f"its install name is {place.binary.name}, a path that one machine has; use @rpath",
        )
    for library in place.binary.needed:
        if library.startswith("@rpath/"):
            rest = library.removeprefix("@rpath/")
            found = any(_join(folder, rest) in place.members for folder in folders)
        elif library.startswith(_OWN_FOLDER):
            found = _folder(place, library) in place.members
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


def _folder(place: Place, entry: str) -> str | None:
    """What a path relative to the file names inside, or None."""
    for own in _OWN_FOLDER:
        if entry == own or entry.startswith(own + "/"):
            return place.below(entry.removeprefix(own).lstrip("/"))
    return None


def _join(folder: str, name: str) -> str:
    return name if folder == "." else f"{folder}/{name}"


def _dotted(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"
