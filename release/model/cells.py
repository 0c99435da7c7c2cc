"""The cells of a manifest, arranged as notes and pages show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from release.model.manifest import CellStatus


@dataclass(frozen=True, slots=True)
class Missing:
    """What a release does not have of a platform."""

    platform: str
    names: tuple[str, ...]
    """Packages, and dist."""
    since: str
    """ISO 8601; empty where that is not known."""
    why: str
    """A sentence; empty where nobody said."""


def platforms(cells: Sequence[CellStatus]) -> tuple[str, ...]:
    """The platforms, in the plan's order."""
    return tuple(dict.fromkeys(cell.platform for cell in cells))


def packages(cells: Sequence[CellStatus]) -> tuple[str | None, ...]:
    """The packages, in the plan's order; None stands for the dist."""
    return tuple(dict.fromkeys(cell.package for cell in cells))


def at(cells: Sequence[CellStatus], package: str | None, platform: str) -> tuple[CellStatus, ...]:
    """The cells of a package on a platform, a Python each."""
    return tuple(cell for cell in cells if (cell.package, cell.platform) == (package, platform))


def missing(cells: Sequence[CellStatus]) -> tuple[Missing, ...]:
    """What is missing, platform by platform."""
    absent = [cell for cell in cells if cell.status == "missing"]
    found = []
    for platform in platforms(absent):
        own = [cell for cell in absent if cell.platform == platform]
        dates = [cell.missing_since for cell in own if cell.missing_since]
        found.append(
            Missing(
                platform=platform,
                names=tuple(package or "dist" for package in packages(own)),
                since=min(dates).isoformat() if dates else "",
                why=next((cell.why[0] for cell in own if cell.why), ""),
            )
        )
    return tuple(found)
