"""The wheels to push: those of a wheelhouse, of a release directory, or of a store."""

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
    """A wheel to push."""

    size: int
    """Bytes."""
    requires: tuple[str, ...]
    """Requires-Dist."""


@dataclass(frozen=True, slots=True)
class OutgoingWheels:
    """Wheels to push, and their files."""

    wheels: tuple[OutgoingWheel, ...]
    file: Callable[[OutgoingWheel], Path]
    """Returns the verified file of a wheel; downloads it if necessary."""


def of_directory(directory: Path) -> OutgoingWheels:
    """The wheels of a wheelhouse, without dependencies, or of a release directory.

    Raises:
      UsageError: it is neither.
      Refused: a wheel is missing, or does not match its digest.
    """
    paths = {path.name: path for path in (*directory.glob("*.whl"), *directory.glob("*/*.whl"))}
    wheels = []
    for wheel in expected.from_directory(directory):
        path = paths.get(wheel.name)
        if path is None:
            raise Refused(f"{directory}: {wheel.name} is missing; nothing was uploaded")
        if release_dir.sha256(path) != wheel.sha256:
            raise Refused(f"{path}: does not match its recorded digest; nothing was uploaded")
        requires = Metadata.from_email(read_metadata(path)).requires_dist or ()
        wheels.append(
            OutgoingWheel(
                **asdict(wheel), size=path.stat().st_size, requires=tuple(map(str, requires))
            )
        )
    return OutgoingWheels(tuple(wheels), lambda wheel: paths[wheel.name])


def of_release(store: Store, tag: str, scratch: Path) -> OutgoingWheels:
    """The wheels of a published release; each is downloaded to `scratch` when it is needed.

    Raises:
      Refused: the release is not published.
      RemoteError: the store failed; a rerun continues.
    """
    release = expected.published_manifest(store, tag)

    def download(wheel: OutgoingWheel) -> Path:
        catalogue.fetch(store, tag, wheel.name, wheel.sha256, scratch / wheel.name)
        return scratch / wheel.name

    return OutgoingWheels(
        tuple(
            OutgoingWheel(
                **asdict(wheel),
                size=release.artifacts[wheel.name].size,
                requires=release.artifacts[wheel.name].requires,
            )
            for wheel in expected.from_manifest(release)
        ),
        download,
    )
