"""Draws package sizes over time, for an inline SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 720, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 12, 12, 34
_TICKS = 4


@dataclass(frozen=True, slots=True)
class Point:
    """The size of a project in one release."""

    x: float
    y: float
    label: str
    """Tooltip."""


@dataclass(frozen=True, slots=True)
class Line:
    """The sizes of one project."""

    name: str
    points: tuple[Point, ...]

    @property
    def path(self) -> str:
        """The points in the syntax of an SVG polyline."""
        return " ".join(f"{point.x:.1f},{point.y:.1f}" for point in self.points)


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on an axis."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything that the page draws."""

    lines: tuple[Line, ...]
    sizes: tuple[Tick, ...]
    """Marks of the vertical axis, in MiB."""
    releases: tuple[Tick, ...]
    """Marks of the horizontal axis: some of the releases."""
    width: int = WIDTH
    height: int = HEIGHT
    left: int = _LEFT
    right: int = WIDTH - _RIGHT
    bottom: int = HEIGHT - _BOTTOM


def draw(releases: Sequence[str], sizes: Sequence[dict[str, float]]) -> Chart | None:
    """Draws a line for each project.

    Args:
      releases: names of the releases, oldest first.
      sizes: MiB by project, for each release.

    Returns:
      None if there are fewer than two releases.
    """
    highest = max((size for each in sizes for size in each.values()), default=0)
    if len(releases) < 2 or not highest:
        return None
    top = _nice(highest)

    def x(number: int) -> float:
        return _LEFT + (WIDTH - _LEFT - _RIGHT) * number / (len(releases) - 1)

    def y(size: float) -> float:
        return HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * size / top

    projects = sorted({project for each in sizes for project in each}, key=_by_last(sizes))
    lines = tuple(
        Line(
            project,
            tuple(
                Point(x(number), y(each[project]), f"{project} {name}: {each[project]:.1f} MiB")
                for number, (name, each) in enumerate(zip(releases, sizes, strict=True))
                if project in each
            ),
        )
        for project in projects
    )
    shown = sorted({round(n * (len(releases) - 1) / 3) for n in range(4)})
    return Chart(
        lines=lines,
        sizes=tuple(Tick(y(top * n / _TICKS), f"{top * n / _TICKS:g}") for n in range(_TICKS + 1)),
        releases=tuple(Tick(x(number), releases[number]) for number in shown),
    )


def _nice(size: float) -> float:
    """The next round number at or above a size."""
    power: float = 10 ** math.floor(math.log10(size))
    return next(factor * power for factor in (1, 2, 4, 5, 8, 10) if factor * power >= size)


def _by_last(sizes: Sequence[dict[str, float]]):  # type: ignore[no-untyped-def]
    """A sort key: the largest first, by the last size of each project."""
    last: dict[str, float] = {}
    for each in sizes:
        last |= each
    return lambda project: (-last[project], project)
