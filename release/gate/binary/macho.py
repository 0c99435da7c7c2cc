"""Checks the minimum macOS, libraries, search paths and signatures of Mach-O files."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from release.gate.binary.context import BinaryContext
from release.gate.target import MACOS_NAMES
from release.model.finding import Check, Finding

_SYSTEM = ("/usr/lib/", "/System/Library/")
_FIRST = {"aarch64": (11, 0)}
"""The first macOS that supports a processor; a `universal2` tag may name an older one."""
_PROGRAM_DIRECTORY = "@executable_path"
_OWN_DIRECTORY = ("@loader_path", _PROGRAM_DIRECTORY)


def check(context: BinaryContext) -> Iterator[Finding]:
    """Checks a Mach-O file against its target."""
    binary, target = context.binary, context.target
    minimum_os = dict(binary.minimum_os)
    for cpu in sorted(binary.cpus & target.cpus):
        if cpu not in minimum_os:
            yield context.finding(
                Check.MINIMUM_OS, f"its {MACOS_NAMES[cpu]} code does not declare a minimum macOS"
            )
            continue
        # A tag older than the processor means the first macOS that supports the processor.
        oldest = max(target.minimum_os or (0, 0), _FIRST.get(cpu, (0, 0)))
        if target.minimum_os and minimum_os[cpu] > oldest:
            yield context.finding(
                Check.MINIMUM_OS,
                f"its {MACOS_NAMES[cpu]} code needs macOS {_dotted(minimum_os[cpu])}, but "
                f"{target.name} promises {_dotted(target.minimum_os)}",
            )
    if "aarch64" in binary.unsigned:
        yield context.finding(
            Check.SIGNATURE, "its arm64 code is not signed; macOS does not run unsigned arm64 code"
        )
    yield from _check_libraries(context)


def _check_libraries(context: BinaryContext) -> Iterator[Finding]:
    directories = []
    for entry in context.binary.search_paths:
        if entry.startswith(_SYSTEM):
            continue
        directory = _directory(context, entry)
        if directory is None:
            yield context.finding(
                Check.RPATH,
                f"searches {entry} for libraries, which is outside the archive; use a path "
                "relative to @loader_path",
            )
        else:
            directories.append(directory)
    if context.binary.link_name.startswith("/"):
        yield context.finding(
            Check.INSTALL_NAME,
            f"its install name is the absolute path {context.binary.link_name}; use @rpath",
        )
    for library in context.binary.needed:
        if library.startswith("@rpath/"):
            rest = library.removeprefix("@rpath/")
            found = any(_join(directory, rest) in context.members for directory in directories)
        elif library.startswith(_OWN_DIRECTORY):
            found = _directory(context, library) in context.members
        elif library.startswith(_SYSTEM):
            found = True
        elif library.startswith("/"):
            yield context.finding(
                Check.INSTALL_NAME,
                f"needs {library}, which is not part of macOS; bundle it and use @rpath",
            )
            continue
        else:
            found = False
        if not found:
            yield context.finding(
                Check.LIBRARY, f"needs {library}, which is not bundled in its search path"
            )


def _directory(context: BinaryContext, entry: str) -> str | None:
    """The path in the archive of an entry relative to the file, or None."""
    if context.binary.extension and entry.startswith(_PROGRAM_DIRECTORY):
        return None  # the program is Python, which is outside the archive
    return context.expand(entry, _OWN_DIRECTORY)


def _join(directory: str, name: str) -> str:
    return posixpath.normpath(f"{directory}/{name}")


def _dotted(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"
