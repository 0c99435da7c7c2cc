"""The core: the published release of the product that a turbine release ships with."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from release.hosting import catalogue
from release.hosting.store import Store
from release.model import version
from release.model.errors import Refused, UsageError
from release.model.manifest import Artifact
from release.model.plan import Plan
from release.model.state import CellState


@dataclass(frozen=True, slots=True)
class Core:
    """A published release of the product."""

    tag: str
    version: str
    commit: str
    wheels: tuple[Artifact, ...]
    """Those that the companion requires, for every platform and Python of the release."""
    plan: Plan


def read(store: Store, tag: str, packages: Collection[str]) -> Core:
    """Reads the wheels of a release that a companion requires.

    Args:
      store: the store.
      tag: the tag of the release.
      packages: the names of the packages.

    Raises:
      UsageError: the tag is not a release tag.
      Refused: the release is not published, or lacks wheels for a required cell.
      document.DocumentError: its manifest or plan is invalid.
      RemoteError: the store cannot be read now.
    """
    if version.of_tag(tag) is None:
        raise UsageError(f"--core-release {tag}: not a release tag, such as v3.14.0")
    release = store.release(tag)
    if release is None or release.draft:
        raise Refused(
            f"{store.address}: {tag} is not published; promote a candidate to it, or name another "
            "release with --core-release TAG"
        )
    manifest = catalogue.manifest_of(store, tag)
    plan = catalogue.plan_of(store, tag)
    if manifest is None or plan is None or manifest.commit is None:
        raise Refused(
            f"{store.address}: {tag} has no manifest with a commit, or no plan; name another "
            "release with --core-release TAG"
        )
    gaps = [
        f"{cell.package} {cell.platform} {cell.python}"
        for cell in manifest.cells
        if cell.package in packages and cell.required and cell.status is not CellState.BUILT
    ]
    wheels = tuple(one for one in manifest.artifacts.values() if one.package in packages)
    if gaps or {one.package for one in wheels} != set(packages):
        raise Refused(
            f"{store.address}: {tag} lacks {gaps[0] if gaps else ' and '.join(packages)}; name "
            "another release with --core-release TAG"
        )
    return Core(tag, manifest.version, manifest.commit, wheels, plan)
