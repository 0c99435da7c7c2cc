"""The versions that a registry has of a project, as installers see them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from packaging.version import InvalidVersion, Version

from release.registry.file import RegistryFile

Versions = Mapping[Version, Sequence[RegistryFile]]


def by_version(files: Mapping[str, RegistryFile]) -> Versions:
    """The files by version; those that were yanked are for nobody."""
    found: dict[Version, list[RegistryFile]] = {}
    for file in files.values():
        try:
            version = Version(file.version or "")
        except InvalidVersion:
            continue
        if not file.yanked:
            found.setdefault(version, []).append(file)
    return found


def taken_of(versions: Iterable[Version]) -> Version | None:
    """What installers take when no version is named: a pre-release only where there is no other."""
    return max(versions, key=lambda version: (not version.is_prerelease, version), default=None)
