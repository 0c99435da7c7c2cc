"""The status of the projects of a product on a registry, compared with a release."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.tags import Tag
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from release.model.errors import Refused
from release.model.product import Product, Project, ProjectState
from release.registry import expected
from release.registry.expected import ExpectedWheel
from release.registry.file import RegistryFile
from release.registry.versions import Versions, by_version, default_version

if TYPE_CHECKING:
    from release.registry.registry import Registry

_VERSION = re.compile(r"_\d+_\d+")
"""The system version in a platform tag, which may change between releases for the platform."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """A platform and a Python, by the tags in file names."""

    platform: str
    """Platform tag, such as manylinux_2_28_x86_64."""
    python: str
    """Interpreter tag, and the ABI tag if it adds information: cp312, cp313t, cp312-abi3."""
    files: int


@dataclass(frozen=True, slots=True)
class ProjectStatus:
    """The status of a project."""

    project: str
    state: ProjectState
    newest: str | None
    """The version that unpinned installs select; None if the project has no files."""
    pre_release: str | None
    """The newest pre-release, if it is newer than `newest`."""
    versions: int
    """Number of versions."""
    cells: tuple[Coverage, ...]
    """Platforms and Pythons of the newest version."""
    findings: tuple[str, ...]
    """Messages about problems."""


def check(
    registry: Registry, product: Product, release: Sequence[ExpectedWheel] = ()
) -> tuple[ProjectStatus, ...]:
    """Reads and checks the status of each project.

    Args:
      registry: the registry.
      product: the product with the projects.
      release: the wheels that the registry should have.

    Raises:
      Refused: the release has a project that is none of the product's.
      RemoteError: the registry cannot be reached now.
    """
    known = product.projects_by_name
    if unknown := sorted({wheel.project for wheel in release} - known.keys()):
        raise Refused(f"{unknown[0]} is not a project of products/{product.name}")
    return check_files(registry, product, registry.files_of(known), release)


def check_files(
    registry: Registry,
    product: Product,
    files: Mapping[str, Mapping[str, RegistryFile]],
    release: Sequence[ExpectedWheel] = (),
) -> tuple[ProjectStatus, ...]:
    """Checks the status of each project, given the files of the registry.

    Args:
      registry: the registry.
      product: the product with the projects.
      files: the registry's files of each project, by name.
      release: the wheels that the registry should have, all of projects of the product.
    """
    versions = {name: by_version(by_name) for name, by_name in files.items()}
    return tuple(
        _status(
            project,
            versions[name],
            *_findings(project, versions),
            *expected.differences(
                registry, {name: files[name]}, [one for one in release if one.project == name]
            ),
        )
        for name, project in product.projects_by_name.items()
    )


def _status(project: Project, versions: Versions, *findings: str) -> ProjectStatus:
    newest, last = default_version(versions), max(versions, default=None)
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
    """Problems of a project that do not depend on a certain release."""
    versions = of[project.name]
    newest = default_version(versions)
    successor = of[project.successor] if project.successor else {}
    if project.state == "deprecated":
        if common := sorted(versions.keys() & successor.keys()):
            yield f"deprecated, but {common[-1]} was released together with {project.successor}"
        return
    if newest is None:
        yield "the registry has no files of it"
        return
    newest_of_successor = default_version(successor)
    if project.state == "transitional" and newest_of_successor and newest_of_successor > newest:
        yield f"transitional, but {project.successor} {newest_of_successor} was released without it"
    earlier = [version for version in versions if version < newest and not version.is_prerelease]
    if earlier:
        platforms, previous = (
            {_VERSION.sub("", cell.platform) for cell in _cells(versions[version])}
            for version in (newest, max(earlier))
        )
        if lost := sorted(previous - platforms):
            yield f"{newest} lacks {', '.join(lost)}, which {max(earlier)} has"


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
