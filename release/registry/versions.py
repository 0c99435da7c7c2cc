"""The versions that a registry has of a project, as installers see them."""

from __future__ import annotations

from collections.abc import Mapping

from packaging.version import InvalidVersion, Version

from release.registry.registry import File


def by_version(files: Mapping[str, File]) -> dict[Version, list[File]]:
    """The files by version; those that were yanked are for nobody."""
    found: dict[Version, list[File]] = {}
    for file in files.values():
        try:
            version = Version(file.version or "")
        except InvalidVersion:
            continue
        if not file.yanked:
            found.setdefault(version, []).append(file)
    return found


def newest_of(versions: Mapping[Version, object]) -> tuple[Version | None, Version | None]:
    """What installers take when no version is named, and the pre-release that is newer."""
    newest = max(versions, default=None)
    stable = max((one for one in versions if not one.is_prerelease), default=None)
    if newest is None or not newest.is_prerelease:
        return newest, None
    return (stable, newest) if stable else (newest, None)
