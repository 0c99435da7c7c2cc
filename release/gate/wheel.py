"""Checks a wheel against the packaging specifications and its package's entry in the plan."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from packaging.tags import Tag
from packaging.utils import (
    InvalidWheelFilename,
    canonicalize_name,
    parse_wheel_filename,
)
from packaging.version import InvalidVersion, Version

from release.gate import metadata, modules, record, target
from release.gate.binary import rules
from release.gate.binary.abi import Abi
from release.gate.content import ArchiveContent
from release.gate.metadata import CoreMetadata
from release.gate.report import WheelFacts
from release.model.finding import Check, Finding
from release.model.product import Package, Product

LITTER = re.compile(
    r"(^|/)(__pycache__|\.git[^/]*|\.DS_Store|Thumbs\.db|desktop\.ini|\._[^/]*)(/|$)"
    r"|\.(py[co]|orig|rej|swp|tmp|bak)$|~$",
    re.I,
)
"""Paths of files that tools and systems leave behind."""
_SCHEME = re.compile(r"[^/]+\.data/(purelib|platlib)/")
_DATA_DIRECTORIES = ("scripts/", "headers/")


def inspect(
    content: ArchiveContent, product: Product
) -> tuple[WheelFacts | None, tuple[Finding, ...]]:
    """Checks a wheel by itself, without the rest of the release.

    Args:
      content: the wheel.
      product: what it belongs to.

    Returns:
      Facts about it, None if its name, layout or METADATA is invalid; and the findings.
    """
    file = content.file
    try:
        project, version, _, tags = parse_wheel_filename(file)
    except InvalidWheelFilename as error:
        return None, (Finding(file, Check.WHEEL_NAME, f"not a valid wheel file name: {error}"),)
    dist_info = _dist_info(content)
    if dist_info is None:
        return None, (
            Finding(
                file,
                Check.WHEEL_LAYOUT,
                "must contain exactly one .dist-info directory",
            ),
        )
    package = _package(product, project)
    findings = [*_check_members(content, dist_info, package.roots if package else None)]
    findings += _check_record(content, dist_info)
    text = content.texts.get(f"{dist_info}/WHEEL")
    if text is not None:
        findings += metadata.check_wheel(file, text, tags)
    core, invalid = metadata.parse(file, content.texts.get(f"{dist_info}/METADATA", b""))
    findings += invalid
    sources = {path: text for path, text in content.texts.items() if path.endswith(".py")}
    read = {path: modules.read(text) for path, text in sources.items()}
    findings += modules.check_syntax(file, read)
    version_modules = package.version_modules if package else ()
    findings += modules.check_version_modules(file, read, version_modules)
    entry_points = content.texts.get(f"{dist_info}/entry_points.txt")
    if entry_points is not None:
        findings += modules.check_entry_points(file, entry_points, read)
    findings += _check_scripts(content, dist_info)
    findings += _check_binaries(content, tags)
    if core is None:
        return None, tuple(findings)
    sizes = {path: size for path, (_, size) in content.digests.items()}
    findings += metadata.check_license(file, core, dist_info, sizes)
    findings += _check_names(file, core, project, version, dist_info)
    installed = frozenset(_SCHEME.sub("", path) for path in content.digests)
    return (
        WheelFacts(
            project=core.name,
            version=core.version,
            tags=frozenset(map(str, tags)),
            requires=core.requires,
            requires_python=core.requires_python,
            versions=modules.versions(read, version_modules),
            imports=modules.imports(read, installed),
            files=frozenset(path for path in installed if not path.startswith(dist_info)),
        ),
        tuple(findings),
    )


def _package(product: Product, project: str) -> Package | None:
    """The package of a normalised name; None for one that the product does not have."""
    for package in product.packages:
        if canonicalize_name(package.name) == project:
            return package
    return None


def _dist_info(content: ArchiveContent) -> str | None:
    tops = {path.split("/")[0] for path in content.digests}
    found = [top for top in tops if top.endswith(".dist-info")]
    return found[0] if len(found) == 1 else None


def _check_members(
    content: ArchiveContent, dist_info: str, roots: Sequence[str] | None
) -> Iterator[Finding]:
    file = content.file
    data = dist_info.removesuffix(".dist-info") + ".data/"
    for name in ("METADATA", "WHEEL", "RECORD"):
        if f"{dist_info}/{name}" not in content.digests:
            yield Finding(file, Check.WHEEL_LAYOUT, f"{dist_info} lacks {name}")
    for path in sorted(content.digests):
        if LITTER.search(path):
            message = "does not belong in a wheel; exclude it from the package"
            yield Finding(file, Check.LITTER, message, member=path)
        installed = _SCHEME.sub("", path)
        if path.startswith(
            (f"{dist_info}/", *(data + directory for directory in _DATA_DIRECTORIES))
        ):
            continue
        if roots is not None and not installed.startswith(tuple(f"{root}/" for root in roots)):
            yield Finding(
                file,
                Check.WHEEL_OUTSIDE,
                f"outside the directories that the plan assigns to the package: {', '.join(roots)}",
                member=path,
            )


def _check_scripts(content: ArchiveContent, dist_info: str) -> Iterator[Finding]:
    """A native script launches the tool of the same name, which the wheel must contain."""
    scripts = f"{dist_info.removesuffix('.dist-info')}.data/scripts/"
    launchers = {path for path in content.binaries if path.startswith(scripts)}
    tools = {PurePosixPath(path).name for path in content.binaries.keys() - launchers}
    for path in sorted(launchers):
        name = PurePosixPath(path).name
        if name not in tools:
            yield Finding(
                content.file,
                Check.ENTRY_POINT,
                f"launches the tool {name}, which the wheel does not contain",
                member=path,
            )


def _check_record(content: ArchiveContent, dist_info: str) -> Iterator[Finding]:
    path = f"{dist_info}/RECORD"
    if path in content.texts:
        yield from record.check(content.file, path, content.texts[path], content.digests)


def _check_names(
    file: str, core: CoreMetadata, project: str, version: Version, dist_info: str
) -> Iterator[Finding]:
    if canonicalize_name(core.name) != project:
        yield Finding(
            file,
            Check.WHEEL_NAME,
            f"METADATA declares the name {core.name}, but the file name {project}",
        )
    if core.version != str(version):
        yield Finding(
            file,
            Check.WHEEL_NAME,
            f"METADATA declares version {core.version}, but the file name {version}",
        )
    name, _, text = dist_info.removesuffix(".dist-info").partition("-")
    try:
        matches = canonicalize_name(name) == project and Version(text) == version
    except InvalidVersion:
        matches = False
    if not matches:
        message = f"the directory {dist_info} does not match the file name"
        yield Finding(file, Check.WHEEL_NAME, message)


def _check_binaries(content: ArchiveContent, tags: frozenset[Tag]) -> Iterator[Finding]:
    platforms = {tag.platform for tag in tags}
    targets = target.from_tags(platforms)
    for tag in sorted(platforms - {known.name for known in targets} - {"any"}):
        yield Finding(
            content.file, Check.WHEEL_TAGS, f"the gate does not support the platform tag {tag}"
        )
    abi = Abi.from_tags(frozenset(map(str, tags)))
    if targets and not content.binaries:
        yield Finding(
            content.file,
            Check.WHEEL_TAGS,
            "tagged for a platform, but contains no native file",
        )
    members = {*content.digests}
    yield from rules.check(content.file, content.binaries, members, targets, abi)
