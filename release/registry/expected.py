"""What a registry should have of a release: the wheels that it states, by digest."""

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
    """A wheel that should be there."""

    name: str
    """File name."""
    project: str
    """Normalised."""
    version: str
    sha256: str
    """Digest in hex."""


def in_directory(place: Path) -> tuple[ExpectedWheel, ...]:
    """Those of a wheelhouse, without what is of others, or of a release's directory.

    Raises:
      UsageError: it is neither.
      document.DocumentError: its statement or manifest is none.
    """
    if (place / NAME).exists():
        return of_statement(wheelhouse.read(place / NAME))
    if (place / "manifest.json").exists():
        return of_manifest(manifest.read(place / "manifest.json"))
    raise UsageError(
        f"{place}: neither a wheelhouse nor a release: it has no {NAME} and no manifest.json"
    )


def in_store(store: Store, tag: str) -> tuple[ExpectedWheel, ...]:
    """Those of a published release.

    Raises:
      Refused: it is not published.
      document.DocumentError: its manifest is none.
      RemoteError: the store failed.
    """
    return of_manifest(published(store, tag))


def published(store: Store, tag: str) -> Manifest:
    """The manifest of a published release.

    Raises:
      Refused: it is not published.
      document.DocumentError: its manifest is none.
      RemoteError: the store failed.
    """
    release = store.release(tag)
    found = catalogue.manifest_of(store, tag) if release and not release.draft else None
    if found is None:
        raise Refused(f"{store.address}: {tag} is not published")
    return found


def of_statement(wheelhouse: Wheelhouse) -> tuple[ExpectedWheel, ...]:
    """Those of a wheelhouse, without what is of others."""
    return tuple(
        ExpectedWheel(wheel.filename, wheel.project, wheel.version, wheel.sha256)
        for wheel in wheelhouse.of_role("turbine", "core")
        if wheel.filename
    )


def of_manifest(release: Manifest) -> tuple[ExpectedWheel, ...]:
    """Those of a release."""
    return tuple(
        ExpectedWheel(name, artifact.package, release.version, artifact.sha256)
        for name, artifact in sorted(release.artifacts.items())
        if artifact.package
    )


def differences(
    registry: Registry,
    there: Mapping[str, Mapping[str, RegistryFile]],
    stated: Sequence[ExpectedWheel],
) -> Iterator[str]:
    """In what a registry differs from what it should have, in words."""
    for wheel in stated:
        found = there[wheel.project].get(wheel.name)
        if found is None:
            yield f"{registry.host}: {wheel.name} is not there; push it again"
        elif told := registry.difference(found, wheel.sha256):
            yield told
    names = {wheel.name for wheel in stated}
    versions = {(wheel.project, wheel.version) for wheel in stated}
    for project, files in there.items():
        for name, file in files.items():
            if name not in names and (project, file.version) in versions:
                yield (
                    f"{registry.host}: {name} is there, of that very version, and nobody stated "
                    "it; find out who pushed it"
                )
