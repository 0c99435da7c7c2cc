"""The result of inspecting one file: its findings, and the facts that checks of the set need.

Reports are plain data: they cross process boundaries, and a report can be reused for a file with
the same name and content.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from release.model.finding import Finding


@dataclass(frozen=True, slots=True)
class Import:
    """A module that a wheel's Python code imports unconditionally."""

    module: str
    """Dotted name, such as abacus.evaluate."""
    member: str
    """The file that imports it."""
    line: int
    """Line in the file, from 1."""


@dataclass(frozen=True, slots=True)
class WheelFacts:
    """What a wheel declares and contains."""

    project: str
    """Name in METADATA, unchanged."""
    version: str
    """Version in METADATA, unchanged."""
    tags: frozenset[str]
    """Expanded tags of the file name."""
    requires: tuple[str, ...]
    """Requires-Dist of METADATA."""
    requires_python: str
    """Requires-Python of METADATA; empty if absent."""
    versions: tuple[tuple[str, str], ...]
    """Each version module and a version that it declares."""
    imports: tuple[Import, ...]
    """Imports that neither the wheel nor the standard library provides."""
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
    """Findings about the file, in order of discovery."""
    wheel: WheelFacts | None = None
    """None for a dist, and for a wheel that cannot be read."""
    platform: str | None = None
    """Name of a dist's platform."""
