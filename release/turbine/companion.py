"""The companion of a product: the project that a turbine release consists of."""

from __future__ import annotations

import os
from collections.abc import Mapping

from release.model.errors import UsageError
from release.model.product import Companion, Product

VARIABLE = "TURBINE_PRODUCT"
"""The environment variable with the name of the product whose companion the tools make."""


def companion_of(product: Product, environ: Mapping[str, str] = os.environ) -> Companion:
    """The companion of a product.

    Raises:
      UsageError: the product has none, or the tools of this command make that of another product.
    """
    if product.companion is None:
        raise UsageError(
            f"products/{product.name} declares no companion, and this command releases one; name "
            "another product with --product"
        )
    equipped = environ.get(VARIABLE)
    if equipped is not None and equipped != product.name:
        raise UsageError(
            f"products/{product.name} declares a companion, but this command has the tools of "
            f"{equipped}'s; pass --product {equipped}"
        )
    return product.companion
