"""Checks a dist archive against its product's description, and what every dist has."""

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
from release.model.product import DistDescription, Product, VersionFile

_LIBRARY = re.compile(r"\.(so(\.\d+)*|dylib|dll)$")
_ORIGIN = VersionFile("origin.json", r'^ "version": "([^"]*)"')
"""The file that the build adds to every dist, and how it names the version."""


def version_files(description: DistDescription | None) -> tuple[VersionFile, ...]:
    """The files of a product's dists that name the version."""
    return (*description.versions, _ORIGIN) if description else ()


def inspect(
    content: ArchiveContent, platform: Platform, product: Product, version: str
) -> Iterator[Finding]:
    """Checks a dist against its platform, its product, and the release's version."""
    file = content.file
    for path in _required(product, platform.os):
        if path not in content.members:
            yield Finding(file, Check.DIST_LAYOUT, "missing, but every dist must contain it", path)
    if not content.digests.get("LICENSE", ("", 0))[1]:
        yield Finding(file, Check.LICENSE_MISSING, "LICENSE is missing or empty")
    for path in sorted(content.members):
        if LITTER.search(path):
            message = "does not belong in a dist; exclude it from the layout"
            yield Finding(file, Check.LITTER, message, path)
        if _is_program(path, content) and not content.modes[path] & 0o100:
            yield Finding(file, Check.DIST_LAYOUT, "a program, but not executable", path)
    yield from _check_versions(content, product, version)
    targets = (Target.from_platform(platform),)
    yield from rules.check(file, content.binaries, content.members, targets, None)


def _is_program(path: str, content: ArchiveContent) -> bool:
    """Whether a member is a program: a native file in `bin/` that is not a library."""
    return path.startswith("bin/") and path in content.binaries and not _LIBRARY.search(path)


def _required(product: Product, os: str) -> Iterator[str]:
    """The paths that every dist for an operating system must contain, each once."""
    description = product.dist
    if description is None:
        return
    suffix = ".exe" if os == "windows" else ""
    paths = [
        *description.contents.get(os, ()),
        *(file.path for file in version_files(description)),
        *(
            f"bin/{program.name}{suffix}"
            for name in description.packages
            for program in product.package(name).programs
            if program.directory is not None and program.on(os)
        ),
    ]
    yield from dict.fromkeys(paths)


def _check_versions(content: ArchiveContent, product: Product, version: str) -> Iterator[Finding]:
    # CMake versions have only numbers.
    numbers = ".".join(map(str, Version(version).release))
    for declared in version_files(product.dist):
        if declared.path not in content.members:
            continue  # reported as missing
        text = content.texts.get(declared.path, b"").decode(errors="replace")
        found = re.search(declared.pattern, text, re.MULTILINE)
        expected = numbers if declared.numeric else version
        if found is None or found[1] != expected:
            cause = f"version {found[1]}" if found else "no version"
            yield Finding(
                content.file,
                Check.DIST_VERSION,
                f"declares {cause}, but must declare {expected}",
                declared.path,
            )
