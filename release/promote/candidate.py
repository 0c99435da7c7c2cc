"""The candidate: a published pre-release that may become a stable one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from release.hosting import catalogue
from release.hosting.store import Absent, Store, StoredRelease
from release.model import manifest, plan, version
from release.model.errors import Refused, UsageError
from release.model.manifest import Manifest
from release.model.plan import Plan


@dataclass(frozen=True, slots=True)
class Candidate:
    """A published pre-release, and what it says of itself."""

    release: StoredRelease
    version: str
    manifest: Manifest
    manifest_json: Mapping[str, Any]
    """Content of its manifest.json."""
    plan: Plan
    plan_json: Mapping[str, Any]
    """Content of its plan.json."""

    @property
    def tag(self) -> str:
        """Its tag."""
        return self.release.tag

    @property
    def commit(self) -> str:
        """What it was built of: 40 hex digits."""
        assert self.manifest.commit, "read() asks for it"
        return self.manifest.commit


def read(store: Store, tag: str) -> Candidate:
    """Reads a candidate.

    Raises:
      UsageError: the tag is not one of a pre-release.
      Refused: there is no such release, it is not published, or it does not say what it is.
      document.DocumentError: its manifest or plan is none.
      RemoteError: the store cannot be read now.
    """
    own = version.of_tag(tag)
    if own is None or version.kind(own) not in ("nightly", "candidate"):
        raise UsageError(
            f"--candidate {tag}: no tag of a pre-release; write it like candidate-20261122.1"
        )
    release = store.release(tag)
    if release is None:
        raise Refused(f"{store.address}: it has no release {tag}")
    if release.draft:
        raise Refused(
            f"{store.address}: {tag} is a draft, which nobody could try; publish it first"
        )
    stated = _read(store, tag, catalogue.MANIFEST)
    planned = _read(store, tag, catalogue.PLAN)
    where = f"{store.address}: {{}} of {tag}"
    found = manifest.loads(stated, where.format(catalogue.MANIFEST))
    if not found.commit or not found.cells:
        raise Refused(f"{store.address}: {tag} does not say what it was built of, and how it is")
    return Candidate(
        release=release,
        version=own,
        manifest=found,
        manifest_json=json.loads(stated),
        plan=plan.loads(planned, where.format(catalogue.PLAN)),
        plan_json=json.loads(planned),
    )


def _read(store: Store, tag: str, name: str) -> bytes:
    try:
        return b"".join(store.read(tag, name))
    except Absent as error:
        raise Refused(
            f"{error}; it was published by an older tool, and cannot be promoted: build its commit "
            "as another candidate"
        ) from error
