"""The files of a release that passed inspection, which smoke tests use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from release.gate.smoke.environment import PinnedWheel
from release.gate.smoke.errors import NotRunError
from release.model.plan import Plan
from release.model.products import DeclaredProduct


@dataclass(frozen=True, slots=True)
class RunnableRelease:
    """A release, as far as its files passed inspection."""

    plan: Plan
    files: Mapping[str, Path]
    """Wheels and dists that passed inspection, by file name."""
    digests: Mapping[str, str]
    """Digest in hex of each file, by file name; installers accept no other."""
    declared: DeclaredProduct | None = None
    """The product as the command knows it; None if it does not."""

    def smoke_program(self) -> Path | None:
        """The smoke program of the product; None for a product without one.

        Raises:
          NotRunError: the command does not have the files of the product.
        """
        name = self.plan.product.name
        if self.declared is None or self.declared.product.name != name:
            raise NotRunError(
                f"this command does not know the product {name}, so its smoke tests cannot run"
            )
        program = self.declared.smoke_program
        if not self.plan.product.smoke:
            return None
        if program is None:
            raise NotRunError(f"products/{name} declares no smoke program here; the plan has one")
        return program

    def wheels(self, platform: str, python: str) -> tuple[PinnedWheel, ...]:
        """All wheels for a platform and a Python that are installed together.

        Raises:
          NotRunError: the plan has none, or one of them is missing or failed inspection.
        """
        planned = self.planned(platform, python, alone=False)
        if not planned:
            raise NotRunError(f"the plan has no wheel for Python {python} on {platform}")
        return self.pinned(planned)

    def lone_wheels(self, platform: str, python: str) -> tuple[PinnedWheel, ...]:
        """The wheels that are installed alone, as far as they passed inspection."""
        planned = self.planned(platform, python, alone=True)
        present = {package: name for package, name in planned.items() if name in self.files}
        return self.pinned(present)

    def pinned(self, planned: Mapping[str, str]) -> tuple[PinnedWheel, ...]:
        """Wheels by their file names.

        Raises:
          NotRunError: one is missing or failed inspection.
        """
        return tuple(
            PinnedWheel(package, self._file(name).absolute(), self.digests[name])
            for package, name in planned.items()
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

    def planned(self, platform: str, python: str, *, alone: bool) -> dict[str, str]:
        """File names of the wheels that the plan has for a platform and a Python, by package.

        Args:
          platform: name of the platform.
          python: minor version, such as 3.14.
          alone: True for wheels that are installed alone, False for the others.
        """
        return {
            cell.package: cell.wheel
            for cell in self.plan.cells
            if (cell.platform, cell.python) == (platform, python)
            and (self.plan.product.package(cell.package).alone is not None) is alone
        }

    def planned_tools(self, platform: str, python: str) -> dict[str, str]:
        """File names of the wheels with native tools, by package; of those installed together."""
        system = self.plan.platform(platform).os
        return {
            package: name
            for package, name in self.planned(platform, python, alone=False).items()
            if any(
                program.directory is not None and program.on(system)
                for program in self.plan.product.package(package).programs
            )
        }

    def planned_wheels(self, platform: str) -> tuple[str, ...]:
        """File names of all wheels that the plan has for a platform."""
        cells = (cell for cell in self.plan.cells if cell.platform == platform)
        return tuple(sorted({cell.wheel for cell in cells}))

    def planned_dists(self, platform: str) -> tuple[str, ...]:
        """File names of the dists that the plan has for a platform."""
        return tuple(dist.archive for dist in self.plan.dists if dist.platform == platform)

    def _file(self, name: str) -> Path:
        if name not in self.files:
            raise NotRunError(f"{name} is missing or failed inspection")
        return self.files[name]
