"""The systems that native files are checked against, derived from wheel tags or plan platforms."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from release.model.plan import Platform

_MANYLINUX = re.compile(r"manylinux_(\d+)_(\d+)_(\w+)")
_LEGACY_MANYLINUX = {"manylinux1": (2, 5), "manylinux2010": (2, 12), "manylinux2014": (2, 17)}
_MACOS = re.compile(r"macosx_(\d+)_(\d+)_(\w+)")
_MACOS_CPUS = {
    "arm64": {"aarch64"},
    "x86_64": {"x86_64"},
    "universal2": {"aarch64", "x86_64"},
}
MACOS_NAMES = {"aarch64": "arm64", "x86_64": "x86_64"}
"""Apple's processor names, by ours."""
_WINDOWS_CPUS = {"win_amd64": "x86_64", "win_arm64": "aarch64"}


@dataclass(frozen=True, slots=True)
class Target:
    """A kind of machine that native files must run on."""

    name: str
    """A platform tag or a platform's name, for messages."""
    os: str
    """linux, windows or macos."""
    cpus: frozenset[str]
    """x86_64, aarch64: every processor that a file must contain code for."""
    glibc: tuple[int, int] | None = None
    """The oldest glibc, on Linux."""
    minimum_os: tuple[int, int] | None = None
    """The oldest system, on macOS."""

    @classmethod
    def from_tag(cls, tag: str) -> Target | None:
        """The target of a platform tag (PEP 425, 600); None for `any` and for unknown tags."""
        legacy, _, cpu = tag.partition("_")
        if legacy in _LEGACY_MANYLINUX:
            return cls(tag, "linux", frozenset({cpu}), glibc=_LEGACY_MANYLINUX[legacy])
        if match := _MANYLINUX.fullmatch(tag):
            glibc = (int(match[1]), int(match[2]))
            return cls(tag, "linux", frozenset({match[3]}), glibc=glibc)
        if match := _MACOS.fullmatch(tag):
            cpus = frozenset(_MACOS_CPUS.get(match[3], {match[3]}))
            return cls(tag, "macos", cpus, minimum_os=(int(match[1]), int(match[2])))
        if tag in _WINDOWS_CPUS:
            return cls(tag, "windows", frozenset({_WINDOWS_CPUS[tag]}))
        return None

    @classmethod
    def from_platform(cls, platform: Platform) -> Target:
        """The target of a platform of the plan, for files that have no tag."""
        return cls(
            platform.name,
            platform.os,
            frozenset({platform.cpu}),
            glibc=_numbers(platform.libc),
            minimum_os=_numbers(platform.minimum_os),
        )


def from_tags(tags: Iterable[str]) -> tuple[Target, ...]:
    """The targets of a wheel's platform tags, without duplicates."""
    targets = (Target.from_tag(tag) for tag in sorted(set(tags)))
    return tuple(target for target in targets if target is not None)


def _numbers(constraint: str | None) -> tuple[int, int] | None:
    """(2, 28) of a constraint value such as glibc_2.28."""
    match = re.fullmatch(r"[a-z]+_(\d+)\.(\d+)", constraint or "")
    return (int(match[1]), int(match[2])) if match else None
