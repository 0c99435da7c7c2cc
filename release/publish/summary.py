"""What a command reports about a published release."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from release.hosting import catalogue
from release.hosting.store import Store
from release.model.manifest import Manifest
from release.model.product import Product
from release.publish import notes, publisher


@dataclass(frozen=True, slots=True)
class ReleaseSummary:
    """A published release."""

    tag: str
    manifest: Manifest
    missing: Mapping[str, str]
    """Files of tolerated cells that it lacks, with the day since when."""
    install: str
    """The command that installs it."""


def read(store: Store, tag: str, product: Product) -> ReleaseSummary | None:
    """Reads what a store has published of a product under a tag; None if it has no manifest.

    Raises:
      document.DocumentError: the manifest cannot be read.
      RemoteError: the store cannot be read now.
    """
    manifest = catalogue.manifest_of(store, tag)
    if manifest is None:
        return None
    install = notes.install_line(store, tag, manifest, product)
    return ReleaseSummary(tag, manifest, publisher.missing(manifest), install)
