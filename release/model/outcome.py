"""How trying something ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Status = Literal["passed", "failed", "not run"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One trial: a set of files, used on one kind of machine in one way."""

    platform: str
    """Name of the platform."""
    kind: Literal["python", "tools", "dist", "container"]
    """What was used: an installed environment, the wheels' native programs alone, the unpacked
    dist, or an environment in a clean container."""
    python: str | None
    """The Python version, where one took part."""
    engine: str
    """What ran it, such as `CPython 3.14.8`, `qemu-aarch64 10.1.0`, `wine-8.0`."""
    status: Status
    detail: str
    """Passed: what was done, in a few words. Failed: what went wrong, with the last words of the
    program. Not run: why, as half a sentence that reads after "not run: "."""
    files: tuple[str, ...]
    """The artifacts that took part."""
    seconds: float = 0.0
