"""The smoke test of wheels: installed for one Python, and used in every way.

It imports only the standard library and modules that `in_container.py` lists, so that it also runs
in a clean container.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from release.gate.smoke import imports, installed, probes, smoke_program
from release.gate.smoke.environment import Environment, PinnedWheel, Requirements
from release.gate.smoke.errors import SmokeTestError
from release.gate.smoke.process import TIMEOUT
from release.gate.smoke.runner import NativeRunner, call
from release.gate.smoke.smoke_program import PythonCommand, SmokeRequest
from release.gate.smoke.smoke_test import SmokeTest, step
from release.model.outcome import Outcome
from release.model.plan import Platform
from release.model.product import Product
from release.model.state import RunState
from release.model.text import counted


@dataclass(frozen=True, slots=True)
class WheelTest:
    """The smoke test of a release's wheels on one Python."""

    product: Product
    version: str
    """The version of the release."""
    platform: Platform
    """This machine's platform."""
    python: str
    """Minor version, such as 3.14."""
    full_version: str
    """Full version of the interpreter, such as 3.14.8."""
    interpreter: Path
    uv: Path
    """The installer."""
    program: Path | None = None
    """The smoke program; None for a product without one."""
    timeout: float = TIMEOUT
    """Seconds that each program may take."""

    def environment(self, directory: Path) -> Environment:
        """Creates an empty environment in a new directory below `directory`.

        Raises:
          SmokeTestError: the interpreter has another version, or uv refuses it.
        """
        root = Path(tempfile.mkdtemp(dir=directory))
        environment = Environment.create(
            root, uv=self.uv, interpreter=self.interpreter, timeout=self.timeout
        )
        found = environment.run_python("--version").expect().stdout.strip()
        if not found.startswith(f"Python {self.python}."):
            raise SmokeTestError(f"{self.interpreter} is {found}, not Python {self.python}")
        return environment

    def of(self, wheels: Sequence[PinnedWheel]) -> SmokeTest:
        """The smoke test of these wheels, before it runs."""
        return SmokeTest(
            platform=self.platform.name,
            kind="python",
            python=self.python,
            engine=f"CPython {self.full_version}",
            files=tuple(wheel.path.name for wheel in wheels),
        )


Install: TypeAlias = Callable[[Environment, Sequence[PinnedWheel], Requirements], None]
"""Installs wheels, and what they require, in an environment; raises SmokeTestError."""


def install_files(
    environment: Environment, wheels: Sequence[PinnedWheel], requirements: Requirements
) -> None:
    """Installs the wheels from their files.

    Raises:
      SmokeTestError: the installer fails.
    """
    environment.install(wheels, requirements).expect()


def smoke_test_wheels(
    test: WheelTest,
    wheels: Sequence[PinnedWheel],
    requirements: Requirements,
    scratch: Path,
    shared: Path | None = None,
    install: Install = install_files,
) -> Outcome:
    """Installs wheels together, and uses them.

    Args:
      test: the Python, and the installer.
      wheels: the wheels of the product that are installed together.
      requirements: what they may require.
      scratch: a directory with room for half a gigabyte; it is empty again afterwards.
      shared: a directory that smoke tests of the same wheels on other Pythons also get.
      install: installs them.
    """
    with tempfile.TemporaryDirectory(dir=scratch, ignore_cleanup_errors=True) as directory:
        return test.of(wheels).run(
            lambda: _use(test, wheels, requirements, Path(directory), shared, install),
            test.product.success,
        )


def _use(
    test: WheelTest,
    wheels: Sequence[PinnedWheel],
    requirements: Requirements,
    directory: Path,
    shared: Path | None,
    install: Install,
) -> str:
    packages, system = installed.packages_of(test.product, wheels), test.platform.os
    with step("creating an environment"):
        environment = test.environment(directory)
    with step("installing"):
        install(environment, wheels, requirements)
    with step("checking requirements"):
        environment.check().expect()
    with step("checking installed files"):
        installed.check_installed(environment, wheels, test.version)
    with step("checking version modules"):
        installed.check_version_modules(environment, packages, test.version)
    with step("importing modules"):
        modules = imports.check_imports(environment, test.product, wheels)
    with step("loading entry points"):
        installed.check_entry_points(environment, packages, system)
    with step("running scripts"):
        scripts = installed.check_declared_scripts(test.product, wheels, system)
        for name, probe in scripts.items():
            probe.check(environment.run(name, *probe.arguments))
    runner = NativeRunner(environment.variables)
    with step("running native tools"):
        for program in installed.unscripted_tools(packages, system):
            path = environment.site / str(program.directory) / program.name
            result = call(runner, path, *program.arguments, timeout=test.timeout)
            probes.Probe.of(program).check(result)
    request = SmokeRequest(
        product=test.product.name,
        version=test.version,
        kind="python",
        platform=test.platform,
        runner=runner,
        programs={name: environment.scripts / name for name in scripts},
        python=PythonCommand(test.python, (str(environment.scripts / "python"), "-I")),
        packages=environment.site,
        timeout=test.timeout,
    )
    with step("running the smoke program"):
        used = smoke_program.use(test.program, request, directory, shared)
    return f"installed; {modules}; {counted(len(scripts), 'script')} called; {used}"


InstallAlone: TypeAlias = Callable[[Environment, PinnedWheel], None]
"""Installs a wheel without what it requires; raises SmokeTestError."""


def install_file_alone(environment: Environment, wheel: PinnedWheel) -> None:
    """Installs a wheel from its file, without what it requires.

    Raises:
      SmokeTestError: the installer fails.
    """
    environment.install_alone([wheel]).expect()


def smoke_test_alone(
    test: WheelTest,
    wheel: PinnedWheel,
    scratch: Path,
    install: InstallAlone = install_file_alone,
) -> Outcome:
    """Installs one wheel alone, without what it requires, and checks the installed files.

    Nothing of it is imported or run, for the reason that the product declares; so the outcome is
    "installed", whether or not the product has a smoke program.
    """
    with tempfile.TemporaryDirectory(dir=scratch, ignore_cleanup_errors=True) as directory:
        return test.of([wheel]).run(
            lambda: _install_alone(test, wheel, Path(directory), install), RunState.INSTALLED
        )


def _install_alone(
    test: WheelTest, wheel: PinnedWheel, directory: Path, install: InstallAlone
) -> str:
    with step("creating an environment"):
        environment = test.environment(directory)
    with step("installing"):
        install(environment, wheel)
    with step("checking installed files"):
        installed.check_installed(environment, [wheel], test.version)
    with step("checking scripts"):
        return installed.check_alone(environment, test.product, wheel, test.platform.os)
