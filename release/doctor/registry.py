"""Checks of a package registry: our projects there, and the newest stable release."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from release.doctor.diagnosis import Diagnosis
from release.doctor.releases import StoreView
from release.model import version
from release.registry import expected, status
from release.registry.file import RegistryFile

if TYPE_CHECKING:
    from release.registry.registry import Registry

_NEARLY = 0.9
_GIB = 1 << 30
_SUPERSEDE = (
    "yank it there, and promote the candidate to the next version: file names are permanent"
)


def examine(view: StoreView, registry: Registry) -> Iterator[Diagnosis]:
    """Checks our projects on a registry.

    Args:
      view: the store, whose newest stable release should be on the registry.
      registry: the registry.

    Raises:
      RemoteError: the registry cannot be read now.
    """
    product = view.request.product.product
    table = product.projects_by_name
    fix = view.command("registry_status", "--index", registry.index)
    files = registry.files_of(table)
    for standing in status.check_files(registry, product, files):
        for message in standing.findings:
            yield Diagnosis(standing.project, message, fix)
    for name, project in table.items():
        size = sum(file.size or 0 for file in files[name].values())
        if size > project.total_limit * _NEARLY:
            yield Diagnosis(
                name,
                f"uses {size / _GIB:.1f} GiB on {registry.host}, of at most "
                f"{project.total_limit / _GIB:.1f}",
                "delete old pre-releases there, or request more space and enter the new limit in "
                f"products/{product.name}",
            )
    yield from _promoted(view, registry, files)


def _promoted(
    view: StoreView, registry: Registry, files: Mapping[str, Mapping[str, RegistryFile]]
) -> Iterator[Diagnosis]:
    """Checks the files of the newest stable release against its manifest."""
    stable = (
        one
        for one in view.published
        if one.manifest and version.kind(one.manifest.version) == "stable"
    )
    newest = next(stable, None)
    if newest is None or newest.manifest is None:
        return
    tag = newest.release.tag
    wheels = {wheel.name: wheel for wheel in expected.from_manifest(newest.manifest)}
    missing = []
    for name, wheel in wheels.items():
        found = files.get(wheel.project, {}).get(name)
        if found is None:
            missing.append(name)
        elif message := registry.difference(found, wheel.sha256):
            yield Diagnosis(tag, message, _SUPERSEDE)
    if missing:
        yield Diagnosis(
            tag,
            f"{len(missing)} of its {len(wheels)} wheels are not on {registry.host}, such as "
            f"{missing[0]}",
            view.command(
                "push",
                *("--registry", registry.upload or "URL", "--index", registry.index),
                *("--store", view.store.address, "--tag", tag),
            ),
        )
    for project in sorted({wheel.project for wheel in wheels.values()}):
        for name, file in files.get(project, {}).items():
            if file.version == newest.manifest.version and name not in wheels:
                yield Diagnosis(
                    project,
                    f"{name} is on {registry.host}, but not in the manifest of {tag}",
                    "find out who uploaded it, and delete it there",
                )
