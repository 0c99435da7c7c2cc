"""The files of a release that passed inspection, which smoke tests use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from release.gate.smoke.environment import PinnedWheel
from release.gate.smoke.errors import NotRunError
from release.model.plan import Plan


@dataclass(frozen=True, slots=True)
class RunnableRelease:
    """A release, as far as its files passed inspection."""

    plan: Plan
    files: Mapping[str, Path]
    """Wheels and dists that passed inspection, by file name."""
    digests: Mapping[str, str]
    """Digest in hex of each file, by file name; installers accept no other."""

    def native_wheels(self, platform: str, python: str) -> tuple[PinnedWheel, ...]:
        """All wheels with native files for a platform and a Python.

        Raises:
          NotRunError: the plan has none, or one of them is missing or failed inspection.
        """
        planned = self.planned(platform, python, pure=False)
        if not planned:
            raise NotRunError(f"the plan has no wheel for Python {python} on {platform}")
        return tuple(self._wheel(package, name) for package, name in planned.items())

    def pure_wheels(self, platform: str, python: str) -> tuple[PinnedWheel, ...]:
        """The wheels without native files for a platform and a Python that passed inspection."""
        planned = self.planned(platform, python, pure=True)
        return tuple(
            self._wheel(package, name) for package, name in planned.items() if name in self.files
        )

    def dist(self, platform: str) -> Path:
        """The dist archive of a platform.

        Raises:
          NotRunError: the plan has none, or it is missing or failed inspection.
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
        """File names of the wheels that the plan has for a platform and a Python, by package.

        Args:
          platform: name of the platform.
          python: minor version, such as 3.14.
          pure: True for wheels without native files, False for the others.
        """
        return {
            cell.package: cell.wheel
            for cell in self.plan.cells
            if (cell.platform, cell.python) == (platform, python)
            and cell.wheel.endswith("-none-any.whl") is pure
        }

    def planned_wheels(self, platform: str) -> tuple[str, ...]:
        """File names of all wheels that the plan has for a platform."""
        cells = (cell for cell in self.plan.cells if cell.platform == platform)
        return tuple(sorted({cell.wheel for cell in cells}))

    def planned_dists(self, platform: str) -> tuple[str, ...]:
        """File names of the dists that the plan has for a platform."""
        return tuple(dist.archive for dist in self.plan.dists if dist.platform == platform)

    def _wheel(self, package: str, name: str) -> PinnedWheel:
        return PinnedWheel(package, self._file(name).absolute(), self.digests[name])

    def _file(self, name: str) -> Path:
        if name not in self.files:
            raise NotRunError(f"{name} is missing or failed inspection")
        return self.files[name]
