"""Which wheel an installer takes for a cell, by the rules of tags (PEP 425, 600)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache

from packaging.tags import compatible_tags, cpython_tags, mac_platforms
from packaging.utils import canonicalize_name

from release.gate import target
from release.gate.report import Report
from release.model.plan import Cell, Plan, Platform

# manylinux begins with glibc 2.5 where x86_64 is, and with 2.17 elsewhere.
_OLDEST_GLIBC = {"x86_64": 5}
_OLDEST_GLIBC_ELSEWHERE = 17
_LEGACY = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}


def ranked(cell: Cell, plan: Plan, reports: Iterable[Report]) -> list[tuple[int, str]]:
    """Rank and file name of the wheels that serve a cell, those an installer likes best first.

    Of wheels with the same rank it has no reason to like one better; they are ordered by name.
    """
    liked = _preference(plan.platform(cell.platform), cell.python)
    found = []
    for report in reports:
        if report.wheel and canonicalize_name(report.wheel.project) == cell.package:
            ranks = [liked[tag] for tag in report.wheel.tags if tag in liked]
            if ranks:
                found.append((min(ranks), report.filename))
    return sorted(found)


@cache
def _preference(platform: Platform, python: str) -> dict[str, int]:
    """The tags that an installer takes on the oldest system of a platform, the best being 0."""
    version = tuple(int(part) for part in python.split("."))
    systems = list(_platform_tags(platform))
    tags = [*cpython_tags(version, platforms=systems), *compatible_tags(version, platforms=systems)]
    return {str(tag): rank for rank, tag in enumerate(tags)}


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
