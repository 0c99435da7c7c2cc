"""Smoke tests of aarch64 Linux wheels and dists under qemu."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from release.gate.smoke import model_runs
from release.gate.smoke.dists import smoke_test_planned_dist
from release.gate.smoke.environment import UV_PLATFORMS, ForeignPython
from release.gate.smoke.equipment import EmulatedPython, Emulation, Equipment
from release.gate.smoke.errors import NotRunError, SmokeTestError
from release.gate.smoke.process import ProcessResult, run
from release.gate.smoke.qemu import Qemu
from release.gate.smoke.runnable import RunnableRelease
from release.gate.smoke.runner import EMULATED_TIMEOUT
from release.gate.smoke.skip import skip_platform
from release.gate.smoke.smoke_test import SmokeTest, step
from release.gate.smoke.wheel_tools import smoke_test_wheel_tools
from release.model.outcome import Outcome
from release.model.plan import Platform

_PRINT_VERSIONS = """\
import iree.compiler.version, iree.runtime.version
print(iree.compiler.version.VERSION, iree.runtime.version.VERSION)
"""

_PRINT_METADATA = """\
import importlib.metadata
print(*(importlib.metadata.version(name) for name in {names}))
"""


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
    with tempfile.TemporaryDirectory(dir=scratch, ignore_cleanup_errors=True) as directory:
        machine = _Aarch64(release, equipment, emulation, platform, Path(directory))
        pythons = release.pythons(platform.name)
        # The newest first: it compiles what the others, with the same wheel, only run.
        for python in reversed(pythons):
            yield machine.native_wheels(python)
            if release.planned(platform.name, python, pure=True):
                yield machine.pure_wheels(python)
        if pythons:
            yield machine.tools(pythons[-1])
        yield machine.dist()


@dataclass(frozen=True, slots=True)
class _Aarch64:
    """The smoke tests of one release on an emulated machine; they share the compiled models."""

    release: RunnableRelease
    equipment: Equipment
    emulation: Emulation
    platform: Platform
    directory: Path

    @property
    def engine(self) -> str:
        return f"qemu-aarch64 {self.emulation.version}"

    def native_wheels(self, version: str) -> Outcome:
        """Installs the wheels with native files for one Python, and uses them."""
        name = self.platform.name
        planned = tuple(self.release.planned(name, version, pure=False).values())
        test = SmokeTest(name, "python", version, self.engine, planned)
        try:
            python = self._python(version)
            wheels = self.release.native_wheels(name, version)
            requirements = self.equipment.requirements(name, version)
        except NotRunError as error:
            return test.not_run(str(error))
        installer = ForeignPython(self.equipment.uv, UV_PLATFORMS["linux"], version)
        packages = self.directory / f"python{version}"

        def steps() -> str:
            with step("installing"):
                installer.install(packages, wheels, requirements)
            return self._use(python, packages, planned)

        return replace(test, engine=f"CPython {version}, {self.engine}").run(steps)

    def pure_wheels(self, version: str) -> Outcome:
        """Installs the wheels without native files; their importers require TensorFlow."""
        name = self.platform.name
        planned = tuple(self.release.planned(name, version, pure=True).values())
        test = SmokeTest(name, "python", version, self.engine, planned)
        wheels = self.release.pure_wheels(name, version)
        try:
            python = self._python(version)
        except NotRunError as error:
            return test.not_run(str(error))
        if len(wheels) < len(planned):
            return test.not_run("one of the wheels is missing or failed inspection")
        installer = ForeignPython(self.equipment.uv, UV_PLATFORMS["linux"], version)
        packages = self.directory / f"pure{version}"

        def steps() -> str:
            with step("installing"):
                installer.install(packages, wheels, None)
            with step("checking metadata"):
                program = _PRINT_METADATA.format(names=[wheel.package for wheel in wheels])
                self._check_versions(self._call(python, packages, "-c", program))
            return "installed without dependencies; not run, since they require TensorFlow"

        return replace(test, engine=f"CPython {version}, {self.engine}").run(steps)

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
        """Runs the tools of the dist."""
        return smoke_test_planned_dist(
            self.release,
            self.platform,
            self.directory,
            engine=self.engine,
            runner=self._runner(self.emulation.root),
            timeout=EMULATED_TIMEOUT,
        )

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

    def _use(self, python: EmulatedPython, packages: Path, wheels: tuple[str, ...]) -> str:
        """Compiles once per wheel, which takes a minute, and runs with every Python."""

        def model_set(directory: Path, *arguments: str) -> ProcessResult:
            words = (str(model_runs.PROGRAM), *arguments, "--modules", str(directory))
            return self._call(python, packages, *words)

        with step("checking version modules"):
            self._check_versions(self._call(python, packages, "-c", _PRINT_VERSIONS))
        modules = self.directory / ("modules-of-" + "+".join(wheels))[:200]
        compiles = not modules.exists()
        if compiles:
            # Complete or absent: if this Python fails, the next one compiles for itself.
            incomplete = Path(tempfile.mkdtemp(dir=self.directory))
            for backend in model_runs.BACKENDS:
                with step(f"compiling for {backend}"):
                    flags = ("--through", "session", "--backend", backend)
                    model_set(incomplete, "compile", *flags).expect()
            incomplete.rename(modules)
        with step("running through the runtime"):
            count = len(model_runs.MODELS) * len(model_runs.BACKENDS)
            model_runs.check_verdicts(model_set(modules, "run", "--through", "runtime"), count)
        models = "compiled models" if compiles else "models, compiled with another Python,"
        return f"installed; {count} {models} give correct results through the API"

    def _check_versions(self, result: ProcessResult) -> None:
        """Checks that a program printed no version but the release's.

        Raises:
          SmokeTestError: it failed, or printed another version.
        """
        versions = result.expect().stdout.split()
        if set(versions) != {self.release.plan.version}:
            raise SmokeTestError(f"found {', '.join(versions)}, not {self.release.plan.version}")

    def _call(self, python: EmulatedPython, packages: Path, *arguments: str) -> ProcessResult:
        """Runs a Python that imports from `packages`."""
        qemu = self._runner(python.root)
        return run(
            qemu.python(python.executable, packages, *arguments),
            environment=qemu.environment,
            timeout=EMULATED_TIMEOUT,
            name=python.executable.name,
        )
