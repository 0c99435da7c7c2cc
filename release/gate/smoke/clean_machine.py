"""What the clean container is made of; apart from the engine's client, which is slow to import."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class CleanMachine:
    """What a container starts from, as the user says; the reference goes first."""

    image: str | None = None
    """An image's reference; it is pulled where the engine does not have it."""
    root_file_system: Path | None = None
    """A directory, or a tar archive of one, that is imported as an image."""
