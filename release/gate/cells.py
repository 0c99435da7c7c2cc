"""Which wheel an installer takes for a cell, by the rules of tags (PEP 425, 600)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache

from packaging.tags import Tag, compatible_tags, cpython_tags, mac_platforms
from packaging.utils import canonicalize_name

from release.gate import target
from release.gate.report import Report
from release.plan import Cell, Plan, Platform

# manylinux begins with glibc 2.5 where x86_64 is, and with 2.17 elsewhere.
_OLDEST_GLIBC = {"x86_64": 5}
_OLDEST_GLIBC_ELSEWHERE = 17
_LEGACY = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}


def preference(platform: Platform, python: str) -> dict[Tag, int]:
    """The tags that an installer takes on the oldest system of a platform, the best being 0."""
    version = tuple(int(part) for part in python.split("."))
    systems = list(_platform_tags(platform))
    tags = [*cpython_tags(version, platforms=systems), *compatible_tags(version, platforms=systems)]
    return {tag: rank for rank, tag in enumerate(tags)}


def serving(cell: Cell, plan: Plan, reports: Iterable[Report]) -> tuple[str, ...]:
    """File names of the wheels that serve a cell, those an installer likes best first.

    Wheels that it likes equally are ordered by name; `ambiguous` tells.
    """
    return tuple(name for _, name in _ranked(cell, plan, reports))


def ambiguous(cell: Cell, plan: Plan, reports: Iterable[Report]) -> bool:
    """Whether an installer has no reason to like the best wheel for a cell better than another."""
    ranked = _ranked(cell, plan, reports)
    return len(ranked) > 1 and ranked[0][0] == ranked[1][0]


def _ranked(cell: Cell, plan: Plan, reports: Iterable[Report]) -> list[tuple[int, str]]:
    liked = _preference(plan.platform(cell.platform), cell.python)
    ranked = []
    for report in reports:
        if report.wheel and canonicalize_name(report.wheel.project) == cell.package:
            ranks = [liked[tag] for tag in report.wheel.tags if tag in liked]
            if ranks:
                ranked.append((min(ranks), report.filename))
    return sorted(ranked)


@cache
def _preference(platform: Platform, python: str) -> dict[str, int]:
    return {str(tag): rank for tag, rank in preference(platform, python).items()}


def _platform_tags(platform: Platform) -> Iterator[str]:
    claim = target.of_platform(platform)
    if claim.os == "linux" and claim.glibc:
        major, minor = claim.glibc
        for older in range(minor, _OLDEST_GLIBC.get(platform.cpu, _OLDEST_GLIBC_ELSEWHERE) - 1, -1):
            yield f"manylinux_{major}_{older}_{platform.cpu}"
            if older in _LEGACY:
                yield f"{_LEGACY[older]}_{platform.cpu}"
        yield f"linux_{platform.cpu}"
    elif claim.os == "macos" and claim.minimum_os:
        yield from mac_platforms(claim.minimum_os, target.MACOS_NAMES[platform.cpu])
    else:
        yield from platform.wheel_tags
