"""What is about to be fetched, in a line: how many wheels, and about how much."""

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
"""Megabytes of a wheel of any other project in our locks."""
_MB = 1_000_000


def wheels(pins: Iterable[Pin], cache: Path, whose: str) -> str | None:
    """The line to print before wheels are fetched; None when the cache has all of them.

    Args:
      pins: what is needed.
      cache: the directory that holds a directory for each digest.
      whose: goes on after "wheels that".
    """
    missing = [pin.project for pin in pins if not (cache / pin.sha256).exists()]
    if not missing:
        return None
    size = sum(_WHEELS.get(name.lower().replace("_", "-"), _OTHER_WHEEL) for name in missing)
    count = "1 wheel" if len(missing) == 1 else f"{len(missing)} wheels"
    return f"fetching {count} that {whose} (about {math.ceil(size)} MB), once"


def packages(purpose: str, size: int) -> str:
    """The line to print before Debian packages are fetched.

    Args:
      purpose: what they are for.
      size: of the download, in bytes.
    """
    return f"fetching {purpose} from Debian packages (about {math.ceil(size / _MB)} MB), once"
