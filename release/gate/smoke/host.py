"""Which of a plan's platforms this machine is."""

from __future__ import annotations

import platform as machine
from collections.abc import Iterable

from release.model.plan import Platform

_CPUS = {"AMD64": "x86_64", "arm64": "aarch64"}
_SYSTEMS = {"Darwin": "macos", "Linux": "linux", "Windows": "windows"}


def host_platform(platforms: Iterable[Platform]) -> str | None:
    """The name of the platform that this machine is; None when it is not among them."""
    system, cpu = machine.system(), machine.machine()
    host = (_SYSTEMS.get(system, system), _CPUS.get(cpu, cpu))
    for platform in platforms:
        if (platform.os, platform.cpu) == host:
            return platform.name
    return None
