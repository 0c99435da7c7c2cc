"""A sample product, for tests of the release tools."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from release.model.document import dumps
from release.model.product import Package, Product
from release.model.settings import (
    DoctorSettings,
    PromoteSettings,
    PublishSettings,
    PurgeSettings,
    Settings,
    TagSettings,
)

SETTINGS = Settings(
    tag=TagSettings(branch="main", maximum_age_days=7, required_checks=None),
    publish=PublishSettings(
        uploads=4, registry_file_limit_mib=100, snapshot_branch="latest-snapshot"
    ),
    promote=PromoteSettings(
        minimum_age_days=4, blocker_label="release-blocker", installed_is_enough=False
    ),
    purge=PurgeSettings(after_days=184, drafts_after_days=14, keep_last=30, pinned=()),
    doctor=DoctorSettings(draft_after_hours=12, missing_after_days=7, nightly_after_days=3),
)
"""The settings that `settings()` in products/defs.bzl has by default."""


def make_product(*packages: Package, **changes: Any) -> Product:
    """A product of these packages, with some fields replaced."""
    product = Product(
        name="sample",
        title="Sample",
        packages=packages,
        headline=(),
        dist=None,
        projects=(),
        settings=SETTINGS,
        smoke=True,
        companion=None,
    )
    return replace(product, **changes)


def declare(directory: Path, *products: Product) -> str:
    """Writes what the build writes about products.

    Args:
      directory: where to write it; it is created.
      products: the products, the default one first.

    Returns:
      The value of $PRODUCTS with which commands know them.
    """
    directory.mkdir(parents=True, exist_ok=True)
    paths = []
    for product in products:
        description = directory / f"{product.name}.json"
        description.write_bytes(dumps(product.to_json()))
        files = directory / f"{product.name}.files.json"
        label = f"//products/{product.name}"
        files.write_bytes(dumps({"label": label, "smoke": None, "requirements": None}))
        paths += [str(description), str(files)]
    return " ".join(paths)
