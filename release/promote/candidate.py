"""The candidate: a published pre-release that may become a stable release."""

from __future__ import annotations

from dataclasses import dataclass

from release.hosting import catalogue
from release.hosting.store import Absent, Store, StoredRelease
from release.model import manifest, plan, version
from release.model.errors import Refused, UsageError
from release.model.manifest import Manifest
from release.model.plan import Plan


@dataclass(frozen=True, slots=True)
class Candidate:
    """A published pre-release, with its manifest and plan."""

    release: StoredRelease
    version: str
    manifest: Manifest
    plan: Plan

    @property
    def tag(self) -> str:
        """Its tag."""
        return self.release.tag

    @property
    def commit(self) -> str:
        """The commit that it was built from: 40 hex digits."""
        assert self.manifest.commit, "read() requires it"
        return self.manifest.commit


def read(store: Store, tag: str) -> Candidate:
    """Reads a candidate.

    Raises:
      UsageError: the tag is not a pre-release's.
      Refused: the release does not exist or is not published, or its manifest lacks the commit or
        the verdicts.
      document.DocumentError: its manifest or plan is malformed.
      RemoteError: the store cannot be read now.
    """
    own = version.of_tag(tag)
    if own is None or version.kind(own) not in ("nightly", "candidate"):
        raise UsageError(
            f"--candidate {tag}: not the tag of a pre-release; write one like candidate-20261122.1"
        )
    release = store.release(tag)
    if release is None:
        raise Refused(f"{store.address}: no release {tag}")
    if release.draft:
        raise Refused(f"{store.address}: {tag} is a draft, which users cannot test; publish it")
    manifest_text = _read(store, tag, catalogue.MANIFEST)
    plan_text = _read(store, tag, catalogue.PLAN)
    where = f"{store.address}: {{}} of {tag}"
    found = manifest.loads(manifest_text, where.format(catalogue.MANIFEST))
    if not found.commit or not found.cells:
        raise Refused(
            f"{store.address}: the manifest of {tag} lists no commit or no cells; promote another "
            "candidate"
        )
    return Candidate(
        release=release,
        version=own,
        manifest=found,
        plan=plan.loads(plan_text, where.format(catalogue.PLAN)),
    )


def _read(store: Store, tag: str, name: str) -> bytes:
    try:
        return b"".join(store.read(tag, name))
    except Absent as error:
        raise Refused(
            f"{error}; it was published by an older version of these tools and cannot be promoted: "
            "build its commit as another candidate"
        ) from error
