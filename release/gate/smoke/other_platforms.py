"""Smoke tests on platforms other than this machine's: emulated where possible, else skipped."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from release.gate.smoke.aarch64 import smoke_test_aarch64
from release.gate.smoke.equipment import Equipment
from release.gate.smoke.host import host_platform
from release.gate.smoke.runnable import RunnableRelease
from release.gate.smoke.skip import skip_platform
from release.gate.smoke.windows import smoke_test_windows
from release.model.outcome import Outcome
from release.model.plan import Platform


def smoke_test_other_platforms(
    release: RunnableRelease, equipment: Equipment, scratch: Path
) -> Iterator[Outcome]:
    """Smoke-tests wheels and dists of every platform but this machine's own.

    Args:
      release: the files that passed inspection.
      equipment: installer, emulator, and third-party wheels.
      scratch: a directory with room for two gigabytes, at a path without spaces.

    Yields:
      Outcomes of each platform: its Pythons, the wheels' native tools, the dist.
    """
    for platform in _other_platforms(release):
        if (platform.os, platform.cpu) == ("linux", "aarch64"):
            yield from smoke_test_aarch64(release, equipment, platform, scratch)
        elif (platform.os, platform.cpu) == ("windows", "x86_64"):
            yield from smoke_test_windows(release, equipment, platform, scratch)
        else:
            formats = {"macos": "Mach-O programs"}
            programs = formats.get(platform.os, f"programs for {platform.os} on {platform.cpu}")
            yield from skip_platform(release, platform, f"this machine cannot run {programs}")


def skip_other_platforms(release: RunnableRelease, reason: str) -> Iterator[Outcome]:
    """The outcomes "not run" of every platform but this machine's own."""
    for platform in _other_platforms(release):
        yield from skip_platform(release, platform, reason)


def _other_platforms(release: RunnableRelease) -> tuple[Platform, ...]:
    platforms = release.plan.platforms
    host = host_platform(platforms)
    return tuple(platform for platform in platforms if platform.name != host)
