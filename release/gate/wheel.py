"""A wheel, held against the specifications and against what the plan says of its package."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
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
from release.gate.binary.abi import of_tags
from release.gate.content import ArchiveContent
from release.gate.metadata import Declared
from release.gate.report import WheelFacts
from release.model.finding import Check, Finding

LITTER = re.compile(
    r"(^|/)(__pycache__|\.git[^/]*|\.DS_Store|Thumbs\.db|desktop\.ini|\._[^/]*)(/|$)"
    r"|\.(py[co]|orig|rej|swp|tmp|bak)$|~$",
    re.I,
)
"""Paths of what tools and systems leave behind."""
_SCHEME = re.compile(r"[^/]+\.data/(purelib|platlib)/")
_DATA_DIRECTORIES = ("scripts/", "headers/")


def inspect(
    content: ArchiveContent, roots: Mapping[str, Sequence[str]]
) -> tuple[WheelFacts | None, tuple[Finding, ...]]:
    """Holds a wheel that was read against all that can be said of it alone.

    Args:
      content: the wheel.
      roots: by normalised name of a project, the directories that belong to it.

    Returns:
      What it says of itself, None when that cannot be told; and the findings.
    """
    file = content.file
    try:
        project, version, _, tags = parse_wheel_filename(file)
    except InvalidWheelFilename as error:
        return None, (Finding(file, Check.WHEEL_NAME, f"its name is not a wheel's: {error}"),)
    dist_info = _dist_info(content)
    if dist_info is None:
        return None, (
            Finding(
                file,
                Check.WHEEL_LAYOUT,
                "it does not hold exactly one .dist-info directory, as it must",
            ),
        )
    findings = [*_check_members(content, dist_info, roots.get(project))]
    findings += _check_record(content, dist_info)
    text = content.texts.get(f"{dist_info}/WHEEL")
    if text is not None:
        findings += metadata.check_wheel(file, text, tags)
    declared, invalid = metadata.parse(file, content.texts.get(f"{dist_info}/METADATA", b""))
    findings += invalid
    sources = {path: text for path, text in content.texts.items() if path.endswith(".py")}
    read = {path: modules.read(text) for path, text in sources.items()}
    findings += modules.check_syntax(file, read)
    points = content.texts.get(f"{dist_info}/entry_points.txt")
    if points is not None:
        findings += modules.check_entry_points(file, points, read)
    findings += _check_scripts(content, dist_info)
    findings += _check_binaries(content, tags)
    if declared is None:
        return None, tuple(findings)
    sizes = {path: size for path, (_, size) in content.digests.items()}
    findings += metadata.check_license(file, declared, dist_info, sizes)
    findings += _check_names(file, declared, project, version, dist_info)
    installed = frozenset(_SCHEME.sub("", path) for path in content.digests)
    return (
        WheelFacts(
            project=declared.name,
            version=declared.version,
            tags=frozenset(map(str, tags)),
            requires=declared.requires,
            requires_python=declared.requires_python,
            versions=modules.versions(read),
            imports=modules.imports(read, installed),
            files=frozenset(path for path in installed if not path.startswith(dist_info)),
        ),
        tuple(findings),
    )


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
            yield Finding(file, Check.WHEEL_LAYOUT, f"{dist_info} has no {name}")
    for path in sorted(content.digests):
        if LITTER.search(path):
            yield Finding(file, Check.LITTER, "it has no place in a wheel", member=path)
        place = _SCHEME.sub("", path)
        if path.startswith(
            (f"{dist_info}/", *(data + directory for directory in _DATA_DIRECTORIES))
        ):
            continue
        if roots is not None and not place.startswith(tuple(f"{root}/" for root in roots)):
            yield Finding(
                file,
                Check.WHEEL_OUTSIDE,
                f"it is outside the package's own directories ({', '.join(roots)}); the plan gives "
                "a package its directories",
                member=path,
            )


def _check_scripts(content: ArchiveContent, dist_info: str) -> Iterator[Finding]:
    """A native script launches the tool of its name, which must be in the wheel."""
    scripts = f"{dist_info.removesuffix('.dist-info')}.data/scripts/"
    launched = {path for path in content.binaries if path.startswith(scripts)}
    tools = {PurePosixPath(path).name for path in content.binaries.keys() - launched}
    for path in sorted(launched):
        name = PurePosixPath(path).name
        if name not in tools:
            yield Finding(
                content.file,
                Check.ENTRY_POINT,
                f"the script {name} launches the tool of its name, and the wheel has none",
                member=path,
            )


def _check_record(content: ArchiveContent, dist_info: str) -> Iterator[Finding]:
    path = f"{dist_info}/RECORD"
    if path in content.texts:
        yield from record.check(content.file, path, content.texts[path], content.digests)


def _check_names(
    file: str, declared: Declared, project: str, version: Version, dist_info: str
) -> Iterator[Finding]:
    if canonicalize_name(declared.name) != project:
        yield Finding(
            file, Check.WHEEL_NAME, f"METADATA names {declared.name}, and the file name {project}"
        )
    if declared.version != str(version):
        yield Finding(
            file,
            Check.WHEEL_NAME,
            f"METADATA says version {declared.version}, and the file name {version}",
        )
    name, _, stated = dist_info.removesuffix(".dist-info").partition("-")
    try:
        right = canonicalize_name(name) == project and Version(stated) == version
    except InvalidVersion:
        right = False
    if not right:
        yield Finding(file, Check.WHEEL_NAME, f"its directory {dist_info} is not that of its name")


def _check_binaries(content: ArchiveContent, tags: frozenset[Tag]) -> Iterator[Finding]:
    platforms = {tag.platform for tag in tags}
    targets = target.of_tags(platforms)
    for tag in sorted(platforms - {claim.name for claim in targets} - {"any"}):
        yield Finding(
            content.file, Check.WHEEL_TAGS, f"the gate does not know what the tag {tag} promises"
        )
    abi = of_tags(frozenset(map(str, tags)))
    if targets and not content.binaries:
        yield Finding(
            content.file,
            Check.WHEEL_TAGS,
            "it is tagged for a platform, and holds no native file",
        )
    members = {*content.digests}
    yield from rules.check(content.file, content.binaries, members, targets, abi)
