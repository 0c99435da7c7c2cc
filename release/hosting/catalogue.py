"""Reads the manifests, plans and files of the releases in a store."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from release.hosting.store import Absent, Store, StoredRelease
from release.model import manifest, plan, version
from release.model.errors import Refused
from release.model.manifest import Manifest
from release.model.plan import Plan

MANIFEST = "manifest.json"
"""The asset that lists what a release consists of."""
PLAN = "plan.json"
"""The asset that lists what it should consist of."""
EVIDENCE = "evidence.json"
"""The asset in which `tag` records why it chose the commit."""
LOCK = "publishing.lock"
"""The asset that serves as a lease in stores without a better lock."""
METADATA_SUFFIX = ".metadata"
"""Added to a wheel's file name to name its METADATA file (PEP 658)."""


def manifest_of(store: Store, tag: str) -> Manifest | None:
    """The manifest of a release; None if it has none, like releases of older tools.

    Raises:
      document.DocumentError: the manifest is invalid.
      RemoteError: the store cannot be read now.
    """
    try:
        text = b"".join(store.read(tag, MANIFEST))
    except Absent:
        return None
    return manifest.loads(text, f"{store.address}: {MANIFEST} of {tag}")


def plan_of(store: Store, tag: str) -> Plan | None:
    """The plan of a release; None if it has none, like releases of older tools.

    Raises:
      document.DocumentError: the plan is invalid.
      RemoteError: the store cannot be read now.
    """
    try:
        text = b"".join(store.read(tag, PLAN))
    except Absent:
        return None
    return plan.loads(text, f"{store.address}: {PLAN} of {tag}")


def fetch(store: Store, tag: str, name: str, sha256: str, target: Path) -> None:
    """Downloads an asset to a file, which appears only once it is complete and verified.

    Args:
      store: the store.
      tag: the tag of the release.
      name: the name of the asset.
      sha256: the digest, in hex, that the manifest records.
      target: the file.

    Raises:
      Refused: the asset does not match the digest.
      RemoteError: the store failed; a rerun continues.
    """
    partial = target.with_name(f".{target.name}")
    digest = hashlib.sha256()
    with partial.open("wb") as file:
        for chunk in store.read(tag, name):
            digest.update(chunk)
            file.write(chunk)
    if digest.hexdigest() != sha256:
        partial.unlink()
        raise Refused(
            f"{store.address}: {name} of {tag} does not match its manifest digest; find out who "
            "changed it"
        )
    partial.replace(target)


def published(store: Store) -> Iterator[StoredRelease]:
    """The published releases, newest first."""
    return (release for release in store.releases() if not release.draft)


def previous(store: Store, of: str) -> tuple[StoredRelease, Manifest] | None:
    """The predecessor of a version: the latest published release of its kind with a manifest.

    Args:
      store: the store.
      of: the version; only releases of earlier versions count.

    Raises:
      document.DocumentError: the manifest is invalid.
      RemoteError: the store cannot be read now.
    """
    for release in published(store):
        own = version.of_tag(release.tag)
        if (
            own is not None
            and version.kind(own) == version.kind(of)
            and version.parse(own) < version.parse(of)
            and (found := manifest_of(store, release.tag))
        ):
            return release, found
    return None
