"""Plans a push: which wheels a registry lacks, and whether all of them may be uploaded.

File names on a registry are permanent. So nothing is uploaded before every wheel has passed the
checks, and dependencies are uploaded first: every project that users can find can be installed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.version import Version

from release.model.errors import Refused
from release.model.product import Product, Project
from release.model.text import listed, mib
from release.registry.file import RegistryFile
from release.registry.order import dependencies_first
from release.registry.versions import by_version, default_version
from release.registry.wheels import OutgoingWheel

if TYPE_CHECKING:
    from release.registry.registry import Registry

_GIB = 1 << 30
_MAX_PROBLEMS = 5


@dataclass(frozen=True, slots=True)
class PushPlan:
    """The wheels to upload."""

    wheels: tuple[OutgoingWheel, ...]
    """All wheels, in upload order."""
    present: frozenset[str]
    """Names of the wheels that the registry already has, with the same digest."""
    shadowed: Mapping[str, str]
    """Projects of which the registry has a newer version, which unpinned installs select."""

    @property
    def missing(self) -> tuple[OutgoingWheel, ...]:
        """The wheels to upload."""
        return tuple(wheel for wheel in self.wheels if wheel.name not in self.present)


def plan_push(registry: Registry, wheels: Sequence[OutgoingWheel], product: Product) -> PushPlan:
    """Compares wheels with a registry, and checks that all may be uploaded; uploads nothing.

    Args:
      registry: the registry.
      wheels: the wheels.
      product: the product, one of whose projects each wheel must belong to.

    Raises:
      Refused: at least one wheel may not; the message lists the problems.
      RemoteError: the registry cannot be reached now.
    """
    problems = list(_problems(registry, wheels, product))
    files: Mapping[str, Mapping[str, RegistryFile]] = {}
    if not problems:
        files = registry.files_of(wheel.project for wheel in wheels)
        problems = list(_conflicts(registry, wheels, files, product.projects_by_name))
    if problems:
        raise Refused(f"nothing was uploaded: {listed(problems, _MAX_PROBLEMS, '; ')}")
    order = dependencies_first({wheel.project: wheel.requires for wheel in wheels})
    return PushPlan(
        tuple(sorted(wheels, key=lambda wheel: (order.index(wheel.project), wheel.name))),
        frozenset(wheel.name for wheel in wheels if wheel.name in files[wheel.project]),
        dict(_shadowed(wheels, files)),
    )


def _problems(
    registry: Registry, wheels: Sequence[OutgoingWheel], product: Product
) -> Iterator[str]:
    """Reasons not to upload wheels to any registry."""
    projects = product.projects_by_name
    if not wheels:
        yield "there are no wheels"
    for name in sorted({wheel.project for wheel in wheels}):
        project = projects.get(name)
        if project is None:
            yield f"{name} is not a project of products/{product.name}"
        elif project.state == "deprecated":
            instead = f"; use {project.successor} instead" if project.successor else ""
            yield f"{name} is deprecated and must not be released{instead}"
    for wheel in wheels:
        version = Version(wheel.version)
        if version.local or (version.is_devrelease and not registry.local and version.dev == 0):
            yield f"{wheel.name} has a development version, which must stay on this machine"
        limit = projects[wheel.project].file_limit if wheel.project in projects else None
        if limit is not None and wheel.size > limit:
            yield (
                f"{wheel.name} has {mib(wheel.size)}; the limit for a file of "
                f"{wheel.project} is {mib(limit, 0)}"
            )


def _conflicts(
    registry: Registry,
    wheels: Sequence[OutgoingWheel],
    files: Mapping[str, Mapping[str, RegistryFile]],
    projects: Mapping[str, Project],
) -> Iterator[str]:
    """Reasons not to upload wheels to a registry with certain files."""
    added: dict[str, int] = {}
    for wheel in wheels:
        existing = files[wheel.project].get(wheel.name)
        if existing is None:
            added[wheel.project] = added.get(wheel.project, 0) + wheel.size
        elif difference := registry.difference(existing, wheel.sha256):
            yield difference
    for project, size in added.items():
        # If the registry does not report sizes, it has to enforce its limit itself.
        total = size + sum(file.size or 0 for file in files[project].values())
        limit = projects[project].total_limit
        if total > limit:
            yield (
                f"{project} would use {total / _GIB:.1f} GiB on {registry.host}, but the limit is "
                f"{limit / _GIB:.0f} GiB; remove old pre-releases there, or request more space"
            )


def _shadowed(
    wheels: Sequence[OutgoingWheel], files: Mapping[str, Mapping[str, RegistryFile]]
) -> Iterator[tuple[str, str]]:
    """Projects of which the registry has a newer version, and that version."""
    for project, version in sorted({(wheel.project, wheel.version) for wheel in wheels}):
        newest = default_version(by_version(files[project]))
        if newest and newest > Version(version) and not Version(version).is_prerelease:
            yield project, str(newest)
