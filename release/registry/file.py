"""A file of a registry; in a module of its own, since what asks registries takes long to import."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Placed = Literal["uploaded", "present"]
"""What was done: it was sent; the very bytes were there."""


@dataclass(frozen=True, slots=True)
class RegistryFile:
    """A file that a registry has."""

    name: str
    project: str
    """Normalised."""
    version: str | None
    """None where its name does not say."""
    sha256: str
    """Digest in hex."""
    size: int | None
    """Bytes; None where the registry does not tell."""
    yanked: bool
