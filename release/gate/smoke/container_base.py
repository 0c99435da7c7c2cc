"""What a container starts from; separate from the engine's client, which is slow to import."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ContainerBase:
    """An image or a root file system; the image takes precedence."""

    image: str | None = None
    """Reference of an image, which is pulled where the engine does not have it."""
    root_file_system: Path | None = None
    """A directory, or a tar archive of one, that is imported as an image."""
