"""How our projects stand on the registry, held against the table of projects and a release."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.tags import Tag
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from release.model.errors import Refused
from release.registry import expected, projects
from release.registry.expected import ExpectedWheel
from release.registry.file import RegistryFile
from release.registry.projects import Project, State
from release.registry.versions import Versions, by_version, taken_of

if TYPE_CHECKING:
    from release.registry.registry import Registry

_VERSION = re.compile(r"_\d+_\d+")
"""Of the oldest system, in a platform tag: of one platform it may change with every release."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """A platform and a Python, by the tags that files are named with."""

    platform: str
    """Platform tag, such as manylinux_2_28_x86_64."""
    python: str
    """Interpreter tag, and the ABI where that says more: cp312, cp313t, cp312-abi3."""
    files: int


@dataclass(frozen=True, slots=True)
class ProjectStatus:
    """How a project stands."""

    project: str
    state: State
    newest: str | None
    """The version that installers take, when none is named; None when there is no file."""
    pre_release: str | None
    """The newest pre-release, where it is newer than that."""
    versions: int
    """How many there are."""
    cells: tuple[Coverage, ...]
    """Of the newest version."""
    findings: tuple[str, ...]
    """What is wrong, in words."""


def look(
    registry: Registry, table: Mapping[str, Project], release: Sequence[ExpectedWheel] = ()
) -> tuple[ProjectStatus, ...]:
    """Looks at each project of the table.

    Args:
      registry: where.
      table: the projects.
      release: what should be there.

    Raises:
      Refused: the release has a project that the table does not know.
      RemoteError: the registry cannot be asked now.
    """
    if unknown := sorted({wheel.project for wheel in release} - table.keys()):
        raise Refused(f"{unknown[0]} is no project of ours ({projects.SHOWN})")
    return standings(registry, table, registry.files_of(table), release)


def standings(
    registry: Registry,
    table: Mapping[str, Project],
    there: Mapping[str, Mapping[str, RegistryFile]],
    release: Sequence[ExpectedWheel] = (),
) -> tuple[ProjectStatus, ...]:
    """How each project of the table stands, by the files that a registry said it has.

    Args:
      registry: where.
      table: the projects.
      there: the files of each project, by name.
      release: what should be there; of projects of the table alone.
    """
    versions = {name: by_version(files) for name, files in there.items()}
    return tuple(
        _standing(
            project,
            versions[name],
            *_findings(project, versions),
            *expected.differences(
                registry, {name: there[name]}, [one for one in release if one.project == name]
            ),
        )
        for name, project in table.items()
    )


def _standing(project: Project, versions: Versions, *findings: str) -> ProjectStatus:
    newest, last = taken_of(versions), max(versions, default=None)
    return ProjectStatus(
        project=project.name,
        state=project.state,
        newest=str(newest) if newest else None,
        pre_release=str(last) if last != newest else None,
        versions=len(versions),
        cells=tuple(_cells(versions[newest])) if newest else (),
        findings=findings,
    )


def _findings(project: Project, of: Mapping[str, Versions]) -> Iterator[str]:
    """What is wrong with a project, whatever was released last."""
    versions = of[project.name]
    newest = taken_of(versions)
    successor = of[project.successor] if project.successor else {}
    if project.state == "deprecated":
        if again := sorted(versions.keys() & successor.keys()):
            yield f"deprecated, and {again[-1]} was released together with {project.successor}"
        return
    if newest is None:
        yield "nothing of it is there"
        return
    leading = taken_of(successor)
    if project.state == "transitional" and leading and leading > newest:
        yield f"transitional, and {project.successor} {leading} went without it"
    before = [version for version in versions if version < newest and not version.is_prerelease]
    if before:
        platforms, former = (
            {_VERSION.sub("", cell.platform) for cell in _cells(versions[version])}
            for version in (newest, max(before))
        )
        if lost := sorted(former - platforms):
            yield f"{newest} has no {', '.join(lost)}, which {max(before)} has"


def _cells(files: Sequence[RegistryFile]) -> Iterator[Coverage]:
    counts: dict[tuple[str, str], int] = {}
    for file in files:
        try:
            tags = parse_wheel_filename(file.name)[3]
        except InvalidWheelFilename:
            counts["source", ""] = counts.get(("source", ""), 0) + 1
            continue
        for cell in {(tag.platform, _python(tag)) for tag in tags}:
            counts[cell] = counts.get(cell, 0) + 1
    for (platform, python), count in sorted(counts.items()):
        yield Coverage(platform, python, count)


def _python(tag: Tag) -> str:
    if tag.abi == "none":
        return tag.interpreter
    return tag.abi if tag.abi.startswith(tag.interpreter) else f"{tag.interpreter}-{tag.abi}"
