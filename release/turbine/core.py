"""The wheels of IREE that a turbine release ships with: those of a published release."""

from __future__ import annotations

from dataclasses import dataclass

from release.hosting import catalogue
from release.hosting.store import Store
from release.model import version
from release.model.errors import Refused, UsageError
from release.model.manifest import Artifact
from release.model.plan import Plan

PACKAGES = ("iree-compiler", "iree-runtime")


@dataclass(frozen=True, slots=True)
class Core:
    """A published release of IREE."""

    tag: str
    version: str
    commit: str
    wheels: tuple[Artifact, ...]
    """Those of PACKAGES, for every platform and Python that it has."""
    plan: Plan


def read(store: Store, tag: str) -> Core:
    """Reads what a release has of the compiler and the runtime.

    Raises:
      UsageError: the tag is none of a release.
      Refused: it is not published, or has not both of them for each cell that it must have.
      document.DocumentError: its manifest or plan is none.
      RemoteError: the store cannot be read now.
    """
    if version.of_tag(tag) is None:
        raise UsageError(f"--core-release {tag}: no tag of a release, such as v3.14.0")
    release = store.release(tag)
    if release is None or release.draft:
        raise Refused(
            f"{store.address}: {tag} is not published; promote a candidate to it, or name another "
            "release with --core-release TAG"
        )
    stated = catalogue.manifest_of(store, tag)
    planned = catalogue.plan_of(store, tag)
    if stated is None or planned is None or stated.commit is None:
        raise Refused(
            f"{store.address}: {tag} does not say what it consists of; name another release with "
            "--core-release TAG"
        )
    gaps = [
        f"{cell.package} {cell.platform} {cell.python}"
        for cell in stated.cells
        if cell.package in PACKAGES and cell.required and cell.status != "built"
    ]
    wheels = tuple(one for one in stated.artifacts.values() if one.package in PACKAGES)
    if gaps or {one.package for one in wheels} != set(PACKAGES):
        raise Refused(
            f"{store.address}: {tag} has no {gaps[0] if gaps else ' and '.join(PACKAGES)}, and "
            "nothing can ship with it"
        )
    return Core(tag, stated.version, stated.commit, wheels, planned)
