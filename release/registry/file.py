"""A file on a registry; a separate module, because registry.py is slow to import."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

UploadResult = Literal["uploaded", "present"]
"""Whether a file was uploaded, or was already present with the same digest."""


@dataclass(frozen=True, slots=True)
class RegistryFile:
    """A file on a registry."""

    name: str
    project: str
    """Normalised."""
    version: str | None
    """None if the file name has none."""
    sha256: str
    """Digest in hex."""
    size: int | None
    """Bytes; None if the registry does not report it."""
    yanked: bool
