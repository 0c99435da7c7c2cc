"""What the releases of a store say of themselves: their manifests."""

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
"""The asset that says what a release consists of."""
PLAN = "plan.json"
"""The asset that says what it should consist of."""
EVIDENCE = "evidence.json"
"""The asset by which `tag` says why it took a commit."""
LOCK = "publishing.lock"
"""The asset that is a lease, in stores that have no better one."""
METADATA_SUFFIX = ".metadata"
"""What follows a wheel's name in the name of its METADATA (PEP 658)."""


def manifest_of(store: Store, tag: str) -> Manifest | None:
    """The manifest of a release; None when it has none, as those of older tools.

    Raises:
      document.DocumentError: it is not a manifest.
      RemoteError: the store cannot be read now.
    """
    try:
        text = b"".join(store.read(tag, MANIFEST))
    except Absent:
        return None
    return manifest.loads(text, f"{store.address}: {MANIFEST} of {tag}")


def plan_of(store: Store, tag: str) -> Plan | None:
    """The plan of a release; None when it has none, as those of older tools.

    Raises:
      document.DocumentError: it is not a plan.
      RemoteError: the store cannot be read now.
    """
    try:
        text = b"".join(store.read(tag, PLAN))
    except Absent:
        return None
    return plan.loads(text, f"{store.address}: {PLAN} of {tag}")


def fetch(store: Store, tag: str, name: str, sha256: str, target: Path) -> None:
    """Fetches an asset into a file, which has its name only when it is whole and right.

    Args:
      store: where it is.
      tag: of its release.
      name: its name.
      sha256: the digest, in hex, that the release states of it.
      target: the file.

    Raises:
      Refused: the store has other bytes.
      RemoteError: the store failed; a rerun goes on.
    """
    aside = target.with_name(f".{target.name}")
    digest = hashlib.sha256()
    with aside.open("wb") as file:
        for chunk in store.read(tag, name):
            digest.update(chunk)
            file.write(chunk)
    if digest.hexdigest() != sha256:
        aside.unlink()
        raise Refused(
            f"{store.address}: {name} of {tag} has not the bytes that its manifest states; find "
            "out who changed it"
        )
    aside.replace(target)


def published(store: Store) -> Iterator[StoredRelease]:
    """The releases that are no drafts, the newest first."""
    return (release for release in store.releases() if not release.draft)


def previous(store: Store, of: str) -> tuple[StoredRelease, Manifest] | None:
    """The release before a version: the newest published one of its kind that has a manifest.

    Args:
      store: where to look.
      of: the version; its own release does not count, nor does a later one's.

    Raises:
      document.DocumentError: its manifest is none.
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
