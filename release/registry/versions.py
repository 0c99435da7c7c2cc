"""The versions of a project on a registry, as installers see them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from packaging.version import InvalidVersion, Version

from release.registry.file import RegistryFile

Versions = Mapping[Version, Sequence[RegistryFile]]


def by_version(files: Mapping[str, RegistryFile]) -> Versions:
    """The files by version, without yanked files."""
    versions: dict[Version, list[RegistryFile]] = {}
    for file in files.values():
        try:
            version = Version(file.version or "")
        except InvalidVersion:
            continue
        if not file.yanked:
            versions.setdefault(version, []).append(file)
    return versions


def default_version(versions: Iterable[Version]) -> Version | None:
    """The version that unpinned installs select: a pre-release only if there is nothing else."""
    return max(versions, key=lambda version: (not version.is_prerelease, version), default=None)
