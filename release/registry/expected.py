"""The wheels of a release that a registry should have, by digest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from release.hosting import catalogue
from release.hosting.store import Store
from release.model import manifest, wheelhouse
from release.model.errors import Refused, UsageError
from release.model.manifest import Manifest
from release.model.wheelhouse import NAME, Wheelhouse
from release.registry.file import RegistryFile

if TYPE_CHECKING:
    from release.registry.registry import Registry


@dataclass(frozen=True, slots=True)
class ExpectedWheel:
    """A wheel that a registry should have."""

    name: str
    """File name."""
    project: str
    """Normalised."""
    version: str
    sha256: str
    """Digest in hex."""


def from_directory(directory: Path) -> tuple[ExpectedWheel, ...]:
    """The wheels of a wheelhouse, without dependencies, or of a release directory.

    Raises:
      UsageError: the directory is neither.
      document.DocumentError: its wheelhouse.json or manifest.json is invalid.
    """
    if (directory / NAME).exists():
        return from_wheelhouse(wheelhouse.read(directory / NAME))
    if (directory / "manifest.json").exists():
        return from_manifest(manifest.read(directory / "manifest.json"))
    raise UsageError(
        f"{directory}: neither a wheelhouse nor a release; it has no {NAME} and no manifest.json"
    )


def from_store(store: Store, tag: str) -> tuple[ExpectedWheel, ...]:
    """The wheels of a published release.

    Raises:
      Refused: the release is not published.
      document.DocumentError: its manifest is invalid.
      RemoteError: the store failed.
    """
    return from_manifest(published_manifest(store, tag))


def published_manifest(store: Store, tag: str) -> Manifest:
    """The manifest of a published release.

    Raises:
      Refused: the release is not published.
      document.DocumentError: its manifest is invalid.
      RemoteError: the store failed.
    """
    release = store.release(tag)
    found = catalogue.manifest_of(store, tag) if release and not release.draft else None
    if found is None:
        raise Refused(f"{store.address}: {tag} is not published")
    return found


def from_wheelhouse(wheelhouse: Wheelhouse) -> tuple[ExpectedWheel, ...]:
    """The wheels of a wheelhouse, without dependencies."""
    return tuple(
        ExpectedWheel(wheel.filename, wheel.project, wheel.version, wheel.sha256)
        for wheel in wheelhouse.of_role("turbine", "core")
        if wheel.filename
    )


def from_manifest(release: Manifest) -> tuple[ExpectedWheel, ...]:
    """The wheels of a release."""
    return tuple(
        ExpectedWheel(name, artifact.package, release.version, artifact.sha256)
        for name, artifact in sorted(release.artifacts.items())
        if artifact.package
    )


def differences(
    registry: Registry,
    files: Mapping[str, Mapping[str, RegistryFile]],
    expected: Sequence[ExpectedWheel],
) -> Iterator[str]:
    """Describes each difference between the files of a registry and the expected wheels.

    Args:
      registry: the registry.
      files: its files of each project, by name.
      expected: the wheels that it should have.
    """
    for wheel in expected:
        existing = files[wheel.project].get(wheel.name)
        if existing is None:
            yield f"{registry.host}: {wheel.name} is missing; push it again"
        elif difference := registry.difference(existing, wheel.sha256):
            yield difference
    names = {wheel.name for wheel in expected}
    versions = {(wheel.project, wheel.version) for wheel in expected}
    for project, by_name in files.items():
        for name, file in by_name.items():
            if name not in names and (project, file.version) in versions:
                yield (
                    f"{registry.host}: {name} has the version of the release, but is not part of "
                    "it; find out who uploaded it"
                )
