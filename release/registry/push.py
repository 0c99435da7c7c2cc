"""Pushing: wheels go to a registry, and each name goes there once and for ever.

Nothing is sent before all of it may go; then what others require goes first, so that at any moment
whatever can be found can be installed. What the registry has is the journal: a push that was killed
is run again, and sends the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.version import Version

from release.model.errors import Refused
from release.registry.file import Placed, RegistryFile
from release.registry.order import dependencies_first
from release.registry.projects import SHOWN, Project
from release.registry.versions import by_version, taken_of
from release.registry.wheels import OutgoingWheel

if TYPE_CHECKING:
    from release.registry.registry import Registry

_MIB = 1 << 20
_GIB = 1 << 30
MOST_TOLD = 5


@dataclass(frozen=True, slots=True)
class Push:
    """What is to be done."""

    wheels: tuple[OutgoingWheel, ...]
    """All of them, in the order in which they go out."""
    present: frozenset[str]
    """Names of those that the registry has, in these very bytes."""
    overshadowed: Mapping[str, str]
    """Projects with a newer version there, which users who name none go on to get."""

    @property
    def missing(self) -> tuple[OutgoingWheel, ...]:
        """Those that are to be sent."""
        return tuple(wheel for wheel in self.wheels if wheel.name not in self.present)


def prepare(
    registry: Registry, wheels: Sequence[OutgoingWheel], table: Mapping[str, Project]
) -> Push:
    """Finds out what is to be sent, and whether all of it may go; sends nothing.

    Raises:
      Refused: something may not; all that stands in the way is told.
      RemoteError: the registry cannot be asked now.
    """
    faults = list(_faults(registry, wheels, table))
    there: Mapping[str, Mapping[str, RegistryFile]] = {}
    if not faults:
        there = registry.files_of(wheel.project for wheel in wheels)
        faults = list(_conflicts(registry, wheels, there, table))
    if faults:
        more = f"; and {len(faults) - MOST_TOLD} more" if len(faults) > MOST_TOLD else ""
        raise Refused(f"nothing was uploaded: {'; '.join(faults[:MOST_TOLD])}{more}")
    order = dependencies_first({wheel.project: wheel.requires for wheel in wheels})
    return Push(
        tuple(sorted(wheels, key=lambda wheel: (order.index(wheel.project), wheel.name))),
        frozenset(wheel.name for wheel in wheels if wheel.name in there[wheel.project]),
        dict(_overshadowed(wheels, there)),
    )


def push(
    registry: Registry,
    prepared: Push,
    file: Callable[[OutgoingWheel], Path],
    tell: Callable[[OutgoingWheel, Placed], None],
) -> dict[str, Placed]:
    """Sends what is missing, one after the other.

    Args:
      registry: where to.
      prepared: what.
      file: gives the file of a wheel.
      tell: is told of each wheel when it is there.

    Returns:
      What was done about each wheel, by name.

    Raises:
      Refused: the registry does not take one, or has other bytes by now.
      RemoteError: it failed; a rerun goes on.
    """
    placed: dict[str, Placed] = {}
    for wheel in prepared.wheels:
        placed[wheel.name] = (
            "present"
            if wheel.name in prepared.present
            else registry.put(file(wheel), wheel.project, wheel.sha256)
        )
        tell(wheel, placed[wheel.name])
    return placed


def _faults(
    registry: Registry, wheels: Sequence[OutgoingWheel], table: Mapping[str, Project]
) -> Iterator[str]:
    """What may never go to a registry."""
    if not wheels:
        yield "there is no wheel"
    for name in sorted({wheel.project for wheel in wheels}):
        project = table.get(name)
        if project is None:
            yield f"{name} is no project of ours ({SHOWN})"
        elif project.state == "deprecated":
            instead = f"; {project.successor} took its place" if project.successor else ""
            yield f"{name} is deprecated, and never released again{instead}"
    for wheel in wheels:
        version = Version(wheel.version)
        if version.local or (version.is_devrelease and not registry.local and version.dev == 0):
            yield f"{wheel.name} is a development version, for one machine alone"
        limit = table[wheel.project].file_limit if wheel.project in table else None
        if limit is not None and wheel.size > limit:
            yield (
                f"{wheel.name} has {wheel.size / _MIB:.1f} MiB, and a file of "
                f"{wheel.project} may have {limit / _MIB:.0f}"
            )


def _conflicts(
    registry: Registry,
    wheels: Sequence[OutgoingWheel],
    there: Mapping[str, Mapping[str, RegistryFile]],
    table: Mapping[str, Project],
) -> Iterator[str]:
    """What the registry has against it."""
    added: dict[str, int] = {}
    for wheel in wheels:
        found = there[wheel.project].get(wheel.name)
        if found is None:
            added[wheel.project] = added.get(wheel.project, 0) + wheel.size
        elif told := registry.difference(found, wheel.sha256):
            yield told
    for project, size in added.items():
        # Where the registry does not tell sizes, its limit is its own business.
        total = size + sum(file.size or 0 for file in there[project].values())
        limit = table[project].total_limit
        if total > limit:
            yield (
                f"{project} would have {total / _GIB:.1f} GiB on {registry.host}, and may have "
                f"{limit / _GIB:.0f}; remove old pre-releases there, or ask for more"
            )


def _overshadowed(
    wheels: Sequence[OutgoingWheel], there: Mapping[str, Mapping[str, RegistryFile]]
) -> Iterator[tuple[str, str]]:
    """The versions that stand above what is pushed, by project."""
    for project, version in sorted({(wheel.project, wheel.version) for wheel in wheels}):
        newest = taken_of(by_version(there[project]))
        if newest and newest > Version(version) and not Version(version).is_prerelease:
            yield project, str(newest)
