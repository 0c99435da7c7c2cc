"""Bazel's disk cache: what actions made, in `ac`, and files by their digests, in `cas`."""

from __future__ import annotations

import os
import random
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Half:
    """What was left of a cache."""

    kept: int
    lost: int


def files_of(cache: Path) -> list[Path]:
    """All files of a disk cache, relative to it, in an order that does not depend on the disk."""
    return sorted(
        path.relative_to(cache)
        for kind in ("ac", "cas")
        for path in (cache / kind).rglob("*")
        if path.is_file()
    )


def random_half(cache: Path, target: Path, seed: int) -> Half:
    """Makes a cache with a random half of the results and of the files of another.

    So there are results whose files are gone, in whole and in part, and files that no result names.

    Args:
      cache: a filled disk cache, which stays as it is.
      target: the new one, which does not exist.
      seed: the same one chooses the same half.
    """
    choose = random.Random(seed)
    kept = lost = 0
    for name in files_of(cache):
        if choose.random() < 0.5:
            lost += 1
            continue
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        os.link(cache / name, target / name)
        kept += 1
    return Half(kept, lost)
