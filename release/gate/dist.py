"""Checks a dist archive against the layout that every dist has."""

from __future__ import annotations

import re
from collections.abc import Iterator

from packaging.version import Version

from release.gate.binary import rules
from release.gate.content import ArchiveContent
from release.gate.target import Target
from release.gate.wheel import LITTER
from release.model.finding import Check, Finding
from release.model.plan import Platform

_TOOLS = ("iree-compile", "iree-lld", "iree-run-module", "iree-opt", "iree-benchmark-module")
_LIBRARIES = {
    "linux": "lib/libIREECompiler.so",
    "macos": "lib/libIREECompiler.dylib",
    "windows": "bin/IREECompiler.dll",
}
_CMAKE = "lib/cmake/IREECompiler/IREECompilerConfig"
_FILES = (
    "README.md",
    "include/iree/compiler/embedding_api.h",
    "origin.json",
    f"{_CMAKE}.cmake",
    f"{_CMAKE}Version.cmake",
)
_VERSION_PATTERNS = {
    "README.md": re.compile(r"^# iree-dist (\S+) for "),
    f"{_CMAKE}.cmake": re.compile(r'^set\(IREECompiler_VERSION_FULL "([^"]*)"\)', re.M),
    f"{_CMAKE}Version.cmake": re.compile(r'^set\(PACKAGE_VERSION "([^"]*)"\)', re.M),
    "origin.json": re.compile(r'^ "version": "([^"]*)"', re.M),
}
"""Files in which a dist declares its version, and how."""


def inspect(content: ArchiveContent, platform: Platform, version: str) -> Iterator[Finding]:
    """Checks a dist against its platform and the release's version."""
    file = content.file
    suffix = ".exe" if platform.os == "windows" else ""
    expected = [*_FILES, _LIBRARIES[platform.os], *(f"bin/{tool}{suffix}" for tool in _TOOLS)]
    for path in expected:
        if path not in content.members:
            yield Finding(file, Check.DIST_LAYOUT, "missing, but every dist must contain it", path)
    if not content.digests.get("LICENSE", ("", 0))[1]:
        yield Finding(file, Check.LICENSE_MISSING, "LICENSE is missing or empty")
    for path in sorted(content.members):
        if LITTER.search(path):
            message = "does not belong in a dist; exclude it from the layout"
            yield Finding(file, Check.LITTER, message, path)
        if path.startswith("bin/") and path in content.binaries and not content.modes[path] & 0o100:
            yield Finding(file, Check.DIST_LAYOUT, "a program, but not executable", path)
    yield from _check_version(content, version)
    targets = (Target.from_platform(platform),)
    yield from rules.check(file, content.binaries, content.members, targets, None)


def _check_version(content: ArchiveContent, version: str) -> Iterator[Finding]:
    # CMake versions have only numbers.
    numbers = ".".join(map(str, Version(version).release))
    for path, pattern in _VERSION_PATTERNS.items():
        if path in content.texts:
            found = pattern.search(content.texts[path].decode(errors="replace"))
            expected = numbers if path.endswith("Version.cmake") else version
            if found is None or found[1] != expected:
                declared = f"version {found[1]}" if found else "no version"
                yield Finding(
                    content.file,
                    Check.DIST_VERSION,
                    f"declares {declared}, but must declare {expected}",
                    path,
                )
