"""What trials are made with: the files of a release that were found sound."""

from __future__ import annotations

import platform as machine
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from release.gate.smoke.environment import ExactWheel
from release.model.plan import Plan, Platform

_CPUS = {"AMD64": "x86_64", "arm64": "aarch64"}
_SYSTEMS = {"Darwin": "macos", "Linux": "linux", "Windows": "windows"}


class NotRunError(Exception):
    """A trial cannot be made; the message is half a sentence that reads after "not run: "."""


@dataclass(frozen=True, slots=True)
class TestableRelease:
    """A release that may be used, or as much of it as may."""

    plan: Plan
    files: Mapping[str, Path]
    """The sound wheels and dists, by file name."""
    digests: Mapping[str, str]
    """Digest in hex of each file, by file name: what an installer is told to accept."""

    def native_wheels(self, platform: str, python: str) -> tuple[ExactWheel, ...]:
        """The wheels with native files that serve a platform and a Python, all of them.

        Raises:
          NotRunError: the plan has none, or one that it names is missing or not sound.
        """
        planned = self.planned(platform, python, pure=False)
        if not planned:
            raise NotRunError(f"the plan has no wheel for Python {python} on {platform}")
        return tuple(self._wheel(package, name) for package, name in planned.items())

    def pure_wheels(self, platform: str, python: str) -> tuple[ExactWheel, ...]:
        """The wheels without native files that serve a platform and a Python, and are sound."""
        planned = self.planned(platform, python, pure=True)
        return tuple(
            self._wheel(package, name) for package, name in planned.items() if name in self.files
        )

    def dist(self, platform: str) -> Path:
        """The dist archive of a platform.

        Raises:
          NotRunError: the plan has none, or it is missing or not sound.
        """
        for dist in self.plan.dists:
            if dist.platform == platform:
                return self._file(dist.archive)
        raise NotRunError(f"the plan has no dist for {platform}")

    def pythons(self, platform: str) -> tuple[str, ...]:
        """The Pythons of a platform, in the plan's order."""
        cells = (cell for cell in self.plan.cells if cell.platform == platform)
        return tuple(dict.fromkeys(cell.python for cell in cells))

    def planned(self, platform: str, python: str, *, pure: bool) -> dict[str, str]:
        """File names of the wheels that must serve a platform and a Python, by package.

        Args:
          platform: name of a platform.
          python: minor version, such as 3.14.
          pure: whether those without native files are asked for, or the others.
        """
        return {
            cell.package: cell.wheel
            for cell in self.plan.cells
            if (cell.platform, cell.python) == (platform, python)
            and cell.wheel.endswith("-none-any.whl") is pure
        }

    def _wheel(self, package: str, name: str) -> ExactWheel:
        return ExactWheel(package, self._file(name).absolute(), self.digests[name])

    def _file(self, name: str) -> Path:
        if name not in self.files:
            raise NotRunError(f"{name} is missing, or was found wrong already")
        return self.files[name]


def own_platform(platforms: Iterable[Platform]) -> str | None:
    """The platform of a plan that this machine is, if it is one."""
    system, cpu = machine.system(), machine.machine()
    here = (_SYSTEMS.get(system, system), _CPUS.get(cpu, cpu))
    for platform in platforms:
        if (platform.os, platform.cpu) == here:
            return platform.name
    return None
