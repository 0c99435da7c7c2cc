"""Directories that smoke tests of the same wheels on different Pythons share."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from release.gate.smoke.environment import PinnedWheel


@dataclass(frozen=True, slots=True)
class SharedDirectories:
    """One directory below `root` for each set of wheels."""

    root: Path

    def of(self, wheels: Iterable[PinnedWheel]) -> Path:
        """The directory of a set of wheels; it exists."""
        digests = sorted(wheel.sha256 for wheel in wheels)
        name = hashlib.sha256(" ".join(digests).encode()).hexdigest()[:16]
        directory = self.root / f"shared-{name}"
        directory.mkdir(exist_ok=True)
        return directory
