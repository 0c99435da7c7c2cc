"""The products that a command knows: what the build declares, and the files that come with it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from release.model import document, product
from release.model.errors import UsageError
from release.model.product import Product
from release.model.record import Record

VARIABLE = "PRODUCTS"
"""The environment variable with the paths of the products' files, the default product's first."""
_SUFFIX = ".files.json"


@dataclass(frozen=True, slots=True)
class LockedRequirements(Record):
    """The locks of what the packages of a product require, which smoke tests install."""

    locks: tuple[str, ...]
    """Paths of lock files, PLATFORM-cpXY.txt, relative to the working directory of a command."""
    package: str
    """The directory of the locks in the workspace, for messages."""
    fix: str
    """The command that writes the locks."""


@dataclass(frozen=True, slots=True)
class ProductFiles(Record):
    """What a command needs of a product besides its description."""

    label: str
    """The Bazel package that declares it, such as //products/NAME."""
    smoke: str | None
    """Path of the smoke program, relative to the working directory of a command."""
    requirements: LockedRequirements | None
    """None: its packages require nothing outside of the product."""


@dataclass(frozen=True, slots=True)
class DeclaredProduct:
    """A product, and its files."""

    product: Product
    files: ProductFiles

    @property
    def smoke_program(self) -> Path | None:
        """The smoke program, an absolute path; None for a product without one."""
        return Path(self.files.smoke).absolute() if self.files.smoke else None


def declared(environ: Mapping[str, str] = os.environ) -> dict[str, DeclaredProduct]:
    """The products by name, the default one first.

    Call it before the current directory changes: paths are relative to it.

    Raises:
      document.DocumentError: a file is missing or malformed.
    """
    found = {}
    for text in environ.get(VARIABLE, "").split():
        if text.endswith(_SUFFIX):
            files = document.read(Path(text), "list of a product's files", ProductFiles.from_json)
            own = product.read(Path(text.removesuffix(_SUFFIX) + ".json"))
            found[own.name] = DeclaredProduct(own, files)
    return found


def named(name: str | None, environ: Mapping[str, str] = os.environ) -> DeclaredProduct:
    """The product of a name; the default one for None.

    Raises:
      UsageError: no product has that name.
    """
    known = declared(environ)
    if name is None and known:
        return next(iter(known.values()))
    if not known:
        raise UsageError(
            f"${VARIABLE} names no product; start the command with `./bazelw run //release:NAME`"
        )
    if name not in known:
        raise UsageError(f"--product {name}: unknown product; expected one of {', '.join(known)}")
    return known[name]
