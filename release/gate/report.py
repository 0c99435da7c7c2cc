"""What inspecting a single file gives: its findings, and the facts that the set is judged by.

Reports are plain data: they cross process boundaries, and a report of the same bytes under the
same name may be used again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from release.model.finding import Finding


@dataclass(frozen=True, slots=True)
class Import:
    """A module that a wheel's Python code imports without a way to go on when it is absent."""

    module: str
    """Dotted name, such as iree.compiler.ir."""
    member: str
    """The file that imports it."""
    line: int
    """Where in the file, from 1."""


@dataclass(frozen=True, slots=True)
class WheelFacts:
    """What a wheel says of itself."""

    project: str
    """Name in METADATA, as it stands there."""
    version: str
    """Version in METADATA, as it stands there."""
    tags: frozenset[str]
    """Expanded tags of the file name."""
    requires: tuple[str, ...]
    """Requires-Dist of METADATA."""
    requires_python: str
    """Requires-Python of METADATA; empty where there is none."""
    versions: tuple[tuple[str, str], ...]
    """Each version module and the version that it states."""
    imports: tuple[Import, ...]
    """What its modules import and the wheel itself does not hold; without the standard library."""
    files: frozenset[str]
    """Paths that an installer puts into site-packages."""


@dataclass(frozen=True, slots=True)
class Report:
    """One inspected file."""

    filename: str
    kind: Literal["wheel", "dist"]
    sha256: str
    """Digest of the file, in hex."""
    size: int
    """Bytes."""
    findings: tuple[Finding, ...]
    """What is to be said of it, in order of discovery."""
    wheel: WheelFacts | None = None
    """None for a dist, and for a wheel that cannot be read at all."""
    platform: str | None = None
    """Name of a dist's platform."""
