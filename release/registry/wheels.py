"""The wheels that go to a registry: of a wheelhouse, of a release's directory, or of a store."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from packaging.metadata import Metadata

from release.hosting import catalogue
from release.hosting.store import Store
from release.model import release_dir
from release.model.errors import Refused
from release.publish.published_manifest import read_metadata
from release.registry import expected
from release.registry.expected import ExpectedWheel


@dataclass(frozen=True, slots=True)
class OutgoingWheel(ExpectedWheel):
    """A wheel that is to be on a registry, with what decides whether it may, and when."""

    size: int
    """Bytes."""
    requires: tuple[str, ...]
    """Requires-Dist."""


@dataclass(frozen=True, slots=True)
class OutgoingWheels:
    """Wheels, and a way to have them here."""

    wheels: tuple[OutgoingWheel, ...]
    file: Callable[[OutgoingWheel], Path]
    """Gives a wheel's file, which has its digest; fetches it if need be."""


def of_directory(place: Path) -> OutgoingWheels:
    """The wheels of a wheelhouse, without those of others, or of a release's directory.

    Raises:
      UsageError: it is neither.
      Refused: a wheel is missing, or is not what was stated.
    """
    paths = {path.name: path for path in (*place.glob("*.whl"), *place.glob("*/*.whl"))}
    found = []
    for wheel in expected.in_directory(place):
        path = paths.get(wheel.name)
        if path is None:
            raise Refused(f"{place}: {wheel.name} is stated, and not there; nothing was uploaded")
        if release_dir.sha256(path) != wheel.sha256:
            raise Refused(f"{path}: it has not the bytes that were stated; nothing was uploaded")
        requires = Metadata.from_email(read_metadata(path)).requires_dist or ()
        found.append(
            OutgoingWheel(
                **asdict(wheel), size=path.stat().st_size, requires=tuple(map(str, requires))
            )
        )
    return OutgoingWheels(tuple(found), lambda wheel: paths[wheel.name])


def of_release(store: Store, tag: str, scratch: Path) -> OutgoingWheels:
    """The wheels of a published release; only what is sent is fetched, into a directory.

    Raises:
      Refused: it is not published.
      RemoteError: the store failed; a rerun goes on.
    """
    release = expected.published(store, tag)

    def fetched(wheel: OutgoingWheel) -> Path:
        catalogue.fetch(store, tag, wheel.name, wheel.sha256, scratch / wheel.name)
        return scratch / wheel.name

    return OutgoingWheels(
        tuple(
            OutgoingWheel(
                **asdict(wheel),
                size=release.artifacts[wheel.name].size,
                requires=release.artifacts[wheel.name].requires,
            )
            for wheel in expected.of_manifest(release)
        ),
        fetched,
    )
