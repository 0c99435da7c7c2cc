"""Smoke tests of aarch64 Linux wheels and dists under qemu."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from release.gate.smoke import imports, installed, smoke_program
from release.gate.smoke.dists import smoke_test_planned_dist
from release.gate.smoke.environment import (
    UV_PLATFORMS,
    ForeignPython,
    PinnedWheel,
    Requirements,
)
from release.gate.smoke.equipment import EmulatedPython, Emulation, Equipment
from release.gate.smoke.errors import NotRunError
from release.gate.smoke.process import ProcessResult, run
from release.gate.smoke.qemu import Qemu
from release.gate.smoke.runnable import RunnableRelease
from release.gate.smoke.runner import EMULATED_TIMEOUT
from release.gate.smoke.shared import SharedDirectories
from release.gate.smoke.skip import skip_platform
from release.gate.smoke.smoke_program import PythonCommand, SmokeRequest
from release.gate.smoke.smoke_test import SmokeTest, step
from release.gate.smoke.wheel_tools import smoke_test_wheel_tools
from release.model.outcome import Outcome
from release.model.plan import Platform
from release.model.state import RunState


def smoke_test_aarch64(
    release: RunnableRelease, equipment: Equipment, platform: Platform, scratch: Path
) -> Iterator[Outcome]:
    """Runs the wheels on every available Python, then the wheels' tools and the dist."""
    planned = release.planned_wheels(platform.name) + release.planned_dists(platform.name)
    if not any(name in release.files for name in planned):
        # Checked first, so that no emulator is fetched in vain.
        reason = "all of its files are missing or failed inspection"
        yield from skip_platform(release, platform, reason)
        return
    try:
        emulation = equipment.emulation()
    except NotRunError as error:
        yield from skip_platform(release, platform, str(error))
        return
    with tempfile.TemporaryDirectory(dir=scratch, ignore_cleanup_errors=True) as name:
        directory = Path(name)
        machine = _Aarch64(release, equipment, emulation, platform, directory)
        pythons = release.pythons(platform.name)
        # The newest first: what its smoke test leaves in the shared directory serves the others.
        for python in reversed(pythons):
            yield from machine.wheels(python)
        if pythons and release.planned_tools(platform.name, pythons[-1]):
            yield machine.tools(pythons[-1])
        if release.planned_dists(platform.name):
            yield machine.dist()


@dataclass(frozen=True, slots=True)
class _EmulatedInstallation:
    """Wheels that an emulated Python imports; implements `installed.Installation`."""

    site: Path
    python: EmulatedPython
    qemu: Qemu

    @property
    def scripts(self) -> Path:
        """Where uv puts scripts that belong to a directory of packages."""
        return self.site / "bin"

    @property
    def command(self) -> tuple[str, ...]:
        """The Python, and options that isolate it."""
        return tuple(self.qemu.python(self.python.executable, self.site))

    def run_python(self, *arguments: str) -> ProcessResult:
        """Runs the emulated Python."""
        return run(
            [*self.command, *arguments],
            environment=self.qemu.environment,
            timeout=EMULATED_TIMEOUT,
            name=self.python.executable.name,
        )


@dataclass(frozen=True, slots=True)
class _Aarch64:
    """The smoke tests of one release on an emulated machine."""

    release: RunnableRelease
    equipment: Equipment
    emulation: Emulation
    platform: Platform
    directory: Path

    @property
    def engine(self) -> str:
        return f"qemu-aarch64 {self.emulation.version}"

    def wheels(self, version: str) -> Iterator[Outcome]:
        """Installs the wheels for one Python, and uses them."""
        together = self.release.planned(self.platform.name, version, alone=False)
        if together:
            yield self._together(version, tuple(together.values()))
        for package, name in self.release.planned(self.platform.name, version, alone=True).items():
            yield self._alone(version, package, name)

    def _together(self, version: str, planned: tuple[str, ...]) -> Outcome:
        """Installs the wheels together for one Python, and uses them."""
        test = SmokeTest(self.platform.name, "python", version, self.engine, planned)
        try:
            program = self.release.smoke_program()
            python = self._python(version)
            wheels = self.release.wheels(self.platform.name, version)
            requirements = self.equipment.requirements(self.platform.name, version)
        except NotRunError as error:
            return test.not_run(str(error))

        product = self.release.plan.product

        def steps(directory: Path) -> str:
            installation = self._install(python, version, wheels, requirements, directory)
            with step("importing modules"):
                modules = imports.check_imports(installation, product, wheels)
            with step("loading entry points"):
                packages = installed.packages_of(product, wheels)
                installed.check_entry_points(installation, packages, self.platform.os)
            with step("checking scripts"):
                installed.check_declared_scripts(product, wheels, self.platform.os)
            request = SmokeRequest(
                product=product.name,
                version=self.release.plan.version,
                kind="python",
                platform=self.platform,
                runner=installation.qemu,
                # This machine's kernel cannot start scripts with an emulated Python.
                programs={},
                python=PythonCommand(version, installation.command),
                packages=installation.site,
                timeout=EMULATED_TIMEOUT,
            )
            with step("running the smoke program"):
                shared = SharedDirectories(self.directory).of(wheels)
                used = smoke_program.use(program, request, directory, shared)
            return f"installed; {modules}; {used}"

        success = self.release.plan.product.success
        return self._run(test, version, steps, success)

    def _alone(self, version: str, package: str, name: str) -> Outcome:
        """Installs a wheel alone for one Python, and checks its files."""
        test = SmokeTest(self.platform.name, "python", version, self.engine, (name,))
        try:
            python = self._python(version)
            wheels = self.release.pinned({package: name})
        except NotRunError as error:
            return test.not_run(str(error))

        def steps(directory: Path) -> str:
            installation = self._install(python, version, wheels, None, directory)
            with step("checking scripts"):
                return installed.check_alone(
                    installation, self.release.plan.product, wheels[0], self.platform.os
                )

        return self._run(test, version, steps, RunState.INSTALLED)

    def tools(self, python: str) -> Outcome:
        """Runs the native tools of the wheels for one Python."""
        return smoke_test_wheel_tools(
            self.release,
            self.equipment,
            self.platform,
            python,
            self.directory,
            runner=self._runner(self.emulation.root),
            engine=self.engine,
            # A launcher would hand its tool to this machine's kernel.
            launchers=False,
        )

    def dist(self) -> Outcome:
        """Runs the programs of the dist."""
        return smoke_test_planned_dist(
            self.release,
            self.platform,
            self.directory,
            engine=self.engine,
            runner=self._runner(self.emulation.root),
            timeout=EMULATED_TIMEOUT,
        )

    def _run(
        self, test: SmokeTest, version: str, steps: Callable[[Path], str], success: RunState
    ) -> Outcome:
        """Runs a test of a Python in a directory of its own."""
        with tempfile.TemporaryDirectory(dir=self.directory, ignore_cleanup_errors=True) as name:
            return replace(test, engine=f"CPython {version}, {self.engine}").run(
                lambda: steps(Path(name)), success
            )

    def _install(
        self,
        python: EmulatedPython,
        version: str,
        wheels: Sequence[PinnedWheel],
        requirements: Requirements | None,
        directory: Path,
    ) -> _EmulatedInstallation:
        """Installs wheels, and checks their files and versions.

        Args:
          python: the emulated Python.
          version: its minor version.
          wheels: the wheels.
          requirements: what they may require; None: nothing is installed that they require, and
            nothing of them is imported.
          directory: an empty directory.

        Raises:
          SmokeTestError: a step fails.
        """
        site = directory / "packages"
        installation = _EmulatedInstallation(site, python, self._runner(python.root))
        with step("installing"):
            ForeignPython(self.equipment.uv, UV_PLATFORMS["linux"], version).install(
                site, wheels, requirements
            )
        with step("checking installed files"):
            installed.check_installed(installation, wheels, self.release.plan.version)
        if requirements is not None:
            with step("checking version modules"):
                packages = installed.packages_of(self.release.plan.product, wheels)
                installed.check_version_modules(installation, packages, self.release.plan.version)
        return installation

    def _runner(self, root: Path) -> Qemu:
        return Qemu(self.emulation.qemu, root, self.directory)

    def _python(self, version: str) -> EmulatedPython:
        """The Python of a version.

        Raises:
          NotRunError: it is not available.
        """
        if version not in self.emulation.pythons:
            reason = f"no emulated Python {version} was requested"
            raise NotRunError(self.emulation.missing.get(version, reason))
        return self.emulation.pythons[version]
