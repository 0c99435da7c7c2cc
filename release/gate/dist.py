"""A dist archive, held against what every dist has."""

from __future__ import annotations

import re
from collections.abc import Iterator

from packaging.version import Version

from release.gate.binary import rules
from release.gate.content import ArchiveContent
from release.gate.target import of_platform
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
_STATED = {
    "README.md": re.compile(r"^# iree-dist (\S+) for "),
    f"{_CMAKE}.cmake": re.compile(r'^set\(IREECompiler_VERSION_FULL "([^"]*)"\)', re.M),
    f"{_CMAKE}Version.cmake": re.compile(r'^set\(PACKAGE_VERSION "([^"]*)"\)', re.M),
    "origin.json": re.compile(r'^ "version": "([^"]*)"', re.M),
}
"""Where a dist states its version."""


def inspect(content: ArchiveContent, platform: Platform, version: str) -> Iterator[Finding]:
    """Holds a dist that was read against its platform and the release's version."""
    file = content.file
    end = ".exe" if platform.os == "windows" else ""
    wanted = [*_FILES, _LIBRARIES[platform.os], *(f"bin/{tool}{end}" for tool in _TOOLS)]
    for path in wanted:
        if path not in content.members:
            yield Finding(file, Check.DIST_LAYOUT, "every dist has it, and this one does not", path)
    if not content.digests.get("LICENSE", ("", 0))[1]:
        yield Finding(file, Check.LICENSE_MISSING, "it holds no LICENSE")
    for path in sorted(content.members):
        if LITTER.search(path):
            yield Finding(file, Check.LITTER, "it has no place in a dist", path)
        if path.startswith("bin/") and path in content.binaries and not content.modes[path] & 0o100:
            yield Finding(file, Check.DIST_LAYOUT, "it is a program, and not executable", path)
    yield from _check_version(content, version)
    targets = (of_platform(platform),)
    yield from rules.check(file, content.binaries, content.members, targets, None)


def _check_version(content: ArchiveContent, version: str) -> Iterator[Finding]:
    # CMake knows numbers only.
    numbers = ".".join(map(str, Version(version).release))
    for path, pattern in _STATED.items():
        if path in content.texts:
            found = pattern.search(content.texts[path].decode(errors="replace"))
            wanted = numbers if path.endswith("Version.cmake") else version
            if found is None or found[1] != wanted:
                stated = f"version {found[1]}" if found else "no version"
                yield Finding(
                    content.file,
                    Check.DIST_VERSION,
                    f"it states {stated}, and the release's is {wanted}",
                    path,
                )
