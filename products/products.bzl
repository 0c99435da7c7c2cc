"""The products of this repository, for the release commands and for tests."""

load("//products/iree/turbine:companion.bzl", _COMPANION_DATA = "COMPANION_DATA", _COMPANION_ENV = "COMPANION_ENV")

# The names of the products; the first one is the default of `--product`.
PRODUCTS = [
    "iree",
    "abacus",
]

_DESCRIPTIONS = ["//products/%s:product" % name for name in PRODUCTS]

# What a release command needs to know the products.
PRODUCTS_DATA = _DESCRIPTIONS

PRODUCTS_ENV = {"PRODUCTS": " ".join(["$(rootpaths %s)" % label for label in _DESCRIPTIONS])}

# What the commands that release a companion need.
COMPANION_DATA = _COMPANION_DATA
COMPANION_ENV = _COMPANION_ENV
