"""Reads the manifests, plans and files of the releases in a store."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

from release.hosting.store import Absent, Asset, Store, StoredRelease
from release.model import evidence, manifest, plan, version
from release.model.document import DocumentError
from release.model.errors import Refused
from release.model.manifest import Manifest
from release.model.plan import Plan
from release.model.product import Product

Document = TypeVar("Document")

MANIFEST = "manifest.json"
"""The asset that lists what a release consists of."""
PLAN = "plan.json"
"""The asset that lists what it should consist of."""
EVIDENCE = "evidence.json"
"""The asset in which `tag` records why it chose the commit."""
LOCK = "publishing.lock"
"""The asset that serves as a lease in stores without a better lock."""
MOST_SEARCHED = 20
"""In how many releases, the newest first, `check_product` looks for a sign of their product."""
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


def check_product(store: Store, product: Product) -> None:
    """Checks that a store belongs to a product: that its newest release is one of the product.

    A manifest that names no product is from before there were products; its release belongs to the
    product if at least one of its packages does. A draft with neither a manifest nor evidence that
    names a product is skipped.

    Args:
      store: the store.
      product: the product.

    Raises:
      Refused: the newest release whose product is known is one of another product.
      RemoteError: the store cannot be read now.
    """
    own = {package.name for package in product.packages}
    for number, (release, assets) in enumerate(store.inventory()):
        if number == MOST_SEARCHED:
            return
        name, packages = _owner_of(store, release.tag, assets)
        if name == product.name or (name is None and packages & own):
            return
        where = f"{store.address}: {release.tag} is a release of"
        if name is not None:
            raise Refused(
                f"{where} {name}, not of {product.name}; name another store, or pass --product "
                f"{name}"
            )
        if packages:
            raise Refused(
                f"{where} other packages ({', '.join(sorted(packages))}), not of {product.name}; "
                "name another store, or another product with --product"
            )


def _owner_of(
    store: Store, tag: str, assets: Mapping[str, Asset]
) -> tuple[str | None, frozenset[str]]:
    """The product that the manifest of a release or the evidence of a draft names.

    Returns:
      The product's name; else None and the packages that the manifest lists.
    """
    found = _loaded(store, tag, assets, MANIFEST, manifest.loads)
    if found and found.product is not None:
        return found.product, frozenset()
    tagged = _loaded(store, tag, assets, EVIDENCE, evidence.loads)
    if tagged and tagged.product is not None:
        return tagged.product, frozenset()
    artifacts = found.artifacts.values() if found else ()
    return None, frozenset(one.package for one in artifacts if one.package is not None)


def _loaded(
    store: Store,
    tag: str,
    assets: Mapping[str, Asset],
    name: str,
    loads: Callable[[bytes, str], Document],
) -> Document | None:
    """A JSON asset of a release; None if it is missing, incomplete or damaged."""
    asset = assets.get(name)
    if asset is None or not asset.complete:
        return None
    try:
        return loads(b"".join(store.read(tag, name)), f"{store.address}: {name} of {tag}")
    except (Absent, DocumentError):
        # It was removed meanwhile; or it is damaged, which `doctor` reports.
        return None


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
