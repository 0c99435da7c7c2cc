"""The line that announces a download: what is fetched, and about how much."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path

from toolchains.wheels.lock import Pin

# Locks have no sizes: megabytes of the largest wheel of each project, measured on 2026-11-28.
_WHEELS = {
    "ml-dtypes": 0.5,
    "mpmath": 0.6,
    "networkx": 2.1,
    "numpy": 17.0,
    "pygments": 1.3,
    "pytest": 0.5,
    "setuptools": 0.9,
    "sympy": 6.3,
    "torch": 192.0,
}
_OTHER_WHEEL = 0.2
"""Megabytes of a wheel of any other locked project."""
_MB = 1_000_000


def wheels(pins: Iterable[Pin], cache: Path, purpose: str) -> str | None:
    """The line to print before wheels are fetched; None when all of them are cached.

    Args:
      pins: the required wheels.
      cache: the directory with one subdirectory for each digest.
      purpose: completes "wheels that".
    """
    missing = [pin.project for pin in pins if not (cache / pin.sha256).exists()]
    if not missing:
        return None
    size = sum(_WHEELS.get(name.lower().replace("_", "-"), _OTHER_WHEEL) for name in missing)
    count = "1 wheel" if len(missing) == 1 else f"{len(missing)} wheels"
    return f"fetching {count} that {purpose} (about {math.ceil(size)} MB), once"


def packages(purpose: str, size: int) -> str:
    """The line to print before Debian packages are fetched.

    Args:
      purpose: what the packages are for.
      size: bytes to download.
    """
    return f"fetching {purpose} from Debian packages (about {math.ceil(size / _MB)} MB), once"
