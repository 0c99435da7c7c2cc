"""site.json: which product a site belongs to."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from release.model import document
from release.model.product import Product
from release.model.record import Record

NAME = "site.json"
"""The file in the root of a site."""

SCHEMA = 1
"""The schema that this program reads and writes."""


@dataclass(frozen=True, slots=True)
class SiteFacts(Record):
    """The product that a site belongs to."""

    schema: int = field(default=SCHEMA, kw_only=True, metadata={"schema": SCHEMA})
    product: str
    """The name of the product."""
    title: str
    """As pages show it."""


def content(product: Product) -> bytes:
    """The content of site.json."""
    return document.dumps(SiteFacts(product.name, product.title).to_json())


def product_of(site: Path) -> str | None:
    """The name of the product that a site belongs to; None for a site that does not name one.

    Raises:
      document.DocumentError: its site.json is malformed.
    """
    path = site / NAME
    if not path.exists():
        return None
    return document.read(path, "description of an index", SiteFacts.from_json).product
