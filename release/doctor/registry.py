"""The health of our projects on a registry, and of what was promoted and pushed there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from release.doctor.diagnosis import Diagnosis, command
from release.doctor.releases import StoreView
from release.model import version
from release.registry import expected, projects, status
from release.registry.file import RegistryFile

if TYPE_CHECKING:
    from release.registry.registry import Registry

_NEARLY = 0.9
_GIB = 1 << 30
_TAKEN = "yank that version there, and promote the candidate to the next: no name is taken twice"


def examine(view: StoreView, registry: Registry) -> Iterator[Diagnosis]:
    """What is wrong with our projects there.

    Args:
      view: the store, whose newest stable release should be on the registry.
      registry: where.

    Raises:
      RemoteError: it cannot be asked now.
    """
    table = projects.read()
    look = command("registry_status", "--index", registry.index)
    there = registry.files_of(table)
    for standing in status.standings(registry, table, there):
        for what in standing.findings:
            yield Diagnosis(standing.project, what, look)
    for name, project in table.items():
        size = sum(file.size or 0 for file in there[name].values())
        if size > project.total_limit * _NEARLY:
            yield Diagnosis(
                name,
                f"its files on {registry.host} have {size / _GIB:.1f} GiB, of "
                f"{project.total_limit / _GIB:.1f} that it takes",
                f"remove old pre-releases there; or ask for more, and say so in {projects.SHOWN}",
            )
    yield from _promoted(view, registry, there)


def _promoted(
    view: StoreView, registry: Registry, there: Mapping[str, Mapping[str, RegistryFile]]
) -> Iterator[Diagnosis]:
    """Holds what the registry has of the newest stable release against what that states."""
    stable = (
        one
        for one in view.published
        if one.manifest and version.kind(one.manifest.version) == "stable"
    )
    newest = next(stable, None)
    if newest is None or newest.manifest is None:
        return
    tag = newest.release.tag
    wanted = {wheel.name: wheel for wheel in expected.of_manifest(newest.manifest)}
    missing = []
    for name, wheel in wanted.items():
        found = there.get(wheel.project, {}).get(name)
        if found is None:
            missing.append(name)
        elif told := registry.difference(found, wheel.sha256):
            yield Diagnosis(tag, told, _TAKEN)
    if missing:
        yield Diagnosis(
            tag,
            f"{len(missing)} of its {len(wanted)} wheels are not on {registry.host}, such as "
            f"{missing[0]}",
            command(
                "push",
                *("--registry", registry.upload or "URL", "--index", registry.index),
                *("--store", view.store.address, "--tag", tag),
            ),
        )
    for project in sorted({wheel.project for wheel in wanted.values()}):
        for name, file in there.get(project, {}).items():
            if file.version == newest.manifest.version and name not in wanted:
                yield Diagnosis(
                    project,
                    f"{name} is on {registry.host}, and {tag} does not state it",
                    "find out who pushed it, and remove it there",
                )
