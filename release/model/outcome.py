"""The outcome of a smoke test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from release.model.record import Record
from release.model.state import RunState


@dataclass(frozen=True, slots=True)
class Outcome(Record):
    """How one smoke test ended: a set of files, used on one kind of machine in one way."""

    platform: str
    """Name of the platform."""
    kind: Literal["python", "tools", "dist", "container"]
    """What was used: an installed environment, the wheels' native programs alone, the unpacked
    dist, or an environment in a clean container."""
    python: str | None
    """The Python version, if the test used one."""
    engine: str
    """What ran it, such as `CPython 3.14.8`, `qemu-aarch64 10.1.0`, `wine-8.0`."""
    status: RunState
    detail: str
    """Passed or installed: what was done, in a few words. Failed: the reason, with the program's
    last output. Not run: the reason, as half a sentence that reads after "not run: "."""
    files: tuple[str, ...]
    """The artifacts that were used."""
    seconds: float = 0.0
