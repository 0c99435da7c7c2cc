"""Which wheel an installer selects for a cell, by its tags (PEP 425, 600)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache

from packaging.tags import compatible_tags, cpython_tags, mac_platforms
from packaging.utils import canonicalize_name

from release.gate.report import Report
from release.gate.target import MACOS_NAMES, Target
from release.model.plan import Cell, Plan, Platform

# manylinux starts with glibc 2.5 on x86_64, and with 2.17 on other processors.
_OLDEST_GLIBC = {"x86_64": 5}
_OLDEST_GLIBC_ELSEWHERE = 17
_LEGACY = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}


def ranked(cell: Cell, plan: Plan, reports: Iterable[Report]) -> list[tuple[int, str]]:
    """Rank and file name of the wheels compatible with a cell, most preferred first.

    Installers have no preference between wheels of the same rank; these are ordered by name.
    """
    rank_of = _tag_ranks(plan.platform(cell.platform), cell.python)
    found = []
    for report in reports:
        if report.wheel and canonicalize_name(report.wheel.project) == cell.package:
            ranks = [rank_of[tag] for tag in report.wheel.tags if tag in rank_of]
            if ranks:
                found.append((min(ranks), report.filename))
    return sorted(found)


@cache
def _tag_ranks(platform: Platform, python: str) -> dict[str, int]:
    """Ranks of the tags compatible with the oldest system of a platform, from 0, the best."""
    version = tuple(int(part) for part in python.split("."))
    systems = list(_platform_tags(platform))
    tags = [*cpython_tags(version, platforms=systems), *compatible_tags(version, platforms=systems)]
    return {str(tag): rank for rank, tag in enumerate(tags)}


def _platform_tags(platform: Platform) -> Iterator[str]:
    oldest = Target.from_platform(platform)
    if oldest.os == "linux" and oldest.glibc:
        major, minor = oldest.glibc
        first = _OLDEST_GLIBC.get(platform.cpu, _OLDEST_GLIBC_ELSEWHERE)
        for older in range(minor, first - 1, -1):
            yield f"manylinux_{major}_{older}_{platform.cpu}"
            if older in _LEGACY:
                yield f"{_LEGACY[older]}_{platform.cpu}"
        yield f"linux_{platform.cpu}"
    elif oldest.os == "macos" and oldest.minimum_os:
        yield from mac_platforms(oldest.minimum_os, MACOS_NAMES[platform.cpu])
    else:
        yield from platform.wheel_tags
