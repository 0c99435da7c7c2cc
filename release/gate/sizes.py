"""Checks file sizes against the limits of registry and store, and against the previous release."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from packaging.utils import canonicalize_name

from release.gate.report import Report
from release.model.finding import Check, Finding
from release.model.manifest import Manifest
from release.model.text import MIB, mib
from release.model.verdicts import Size

_NOTABLE_GROWTH = 1.10


@dataclass(frozen=True, slots=True)
class SizeLimits:
    """The largest files that may be published, in bytes."""

    wheel: int = 100 * MIB
    """The registry's limit for a file."""
    dist: int = 2048 * MIB
    """The release store's limit for an asset."""


def measure(reports: Sequence[Report], previous: Manifest | None) -> tuple[Size, ...]:
    """The size of each file, with that of its counterpart in the previous release."""
    before: dict[tuple[object, ...], int] = {}
    if previous:
        for artifact in previous.artifacts.values():
            key = artifact.platform if artifact.kind == "dist" else frozenset(artifact.tags)
            before[artifact.kind, artifact.package, key] = artifact.size
    return tuple(Size(report.filename, report.size, before.get(_key(report))) for report in reports)


def check(
    reports: Sequence[Report], measured: Sequence[Size], limits: SizeLimits
) -> Iterator[Finding]:
    """No file exceeds its limit; notable growth is a note."""
    kinds = {report.filename: report.kind for report in reports}
    for size in measured:
        wheel = kinds[size.file] == "wheel"
        limit = limits.wheel if wheel else limits.dist
        if size.size > limit:
            yield Finding(
                size.file,
                Check.SET_SIZE,
                f"has {mib(size.size)}, which exceeds the "
                f"{'registry' if wheel else 'store'}'s limit of {mib(limit, 0)} for a file",
            )
        if size.growth and size.growth > _NOTABLE_GROWTH:
            yield Finding(
                size.file,
                Check.SET_SIZE,
                f"grew by {size.growth - 1:.0%} since the previous release, to {mib(size.size)}",
                fault=False,
            )


def _key(report: Report) -> tuple[object, ...]:
    if report.wheel:
        return "wheel", canonicalize_name(report.wheel.project), report.wheel.tags
    return "dist", None, report.platform
