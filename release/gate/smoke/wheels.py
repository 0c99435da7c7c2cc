"""The smoke test of wheels: installed for one Python, used in every way, results checked.

It imports only the standard library and modules that `in_container.py` lists, so that it also runs
in a clean container.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from release.gate.smoke import installed, model_runs
from release.gate.smoke.environment import Environment, PinnedWheel, Requirements
from release.gate.smoke.errors import SmokeTestError
from release.gate.smoke.process import TIMEOUT
from release.gate.smoke.smoke_test import SmokeTest, step
from release.model.outcome import Outcome


@dataclass(frozen=True, slots=True)
class WheelTest:
    """The smoke test of a release's wheels on one Python."""

    version: str
    """The version of the release."""
    platform: str
    """Name of this machine's platform."""
    python: str
    """Minor version, such as 3.14."""
    full_version: str
    """Full version of the interpreter, such as 3.14.8."""
    interpreter: Path
    uv: Path
    """The installer."""
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
        found = environment.run("python", "-I", "--version").expect().stdout.strip()
        if not found.startswith(f"Python {self.python}."):
            raise SmokeTestError(f"{self.interpreter} is {found}, not Python {self.python}")
        return environment

    def of(self, wheels: Sequence[PinnedWheel]) -> SmokeTest:
        """The smoke test of these wheels, before it runs."""
        return SmokeTest(
            platform=self.platform,
            kind="python",
            python=self.python,
            engine=f"CPython {self.full_version}",
            files=tuple(wheel.path.name for wheel in wheels),
        )


def smoke_test_native(
    test: WheelTest,
    wheels: Sequence[PinnedWheel],
    requirements: Requirements,
    scratch: Path,
) -> Outcome:
    """Installs the wheels with native files together, and uses them.

    Args:
      test: the Python, and the installer.
      wheels: iree-compiler and iree-runtime.
      requirements: what they may require.
      scratch: a directory with room for half a gigabyte; it is empty again afterwards.
    """
    with tempfile.TemporaryDirectory(dir=scratch, ignore_cleanup_errors=True) as directory:
        return test.of(wheels).run(lambda: _use_native(test, wheels, requirements, Path(directory)))


def _use_native(
    test: WheelTest, wheels: Sequence[PinnedWheel], requirements: Requirements, directory: Path
) -> str:
    with step("creating an environment"):
        environment = test.environment(directory)
    with step("installing"):
        environment.install(wheels, requirements).expect()
    with step("checking requirements"):
        environment.check().expect()
    with step("checking installed files"):
        installed.check_installed(environment, wheels, test.version)
    with step("checking version modules"):
        installed.check_version_modules(environment, wheels, test.version)
    with step("loading entry points"):
        installed.check_entry_points(environment, wheels)
    with step("running console scripts"):
        scripts = installed.check_scripts(environment, wheels)
    models = run_model_set(environment, directory / "modules")
    return (
        f"installed; {scripts} console scripts work; {models} compiled models give correct results"
    )


def run_model_set(environment: Environment, modules: Path) -> int:
    """Compiles the model set in every way, and runs each compiled model in every way.

    Returns:
      The number of compiled models.

    Raises:
      SmokeTestError: a model does not compile or run, or its results differ from NumPy's.
    """
    compiled = 0
    for backend in model_runs.BACKENDS:
        for through in model_runs.COMPILER_INTERFACES:
            with step(f"compiling for {backend} through the {through}"):
                model_runs.compile_models(environment, modules, through=through, backend=backend)
            compiled += len(model_runs.MODELS)
    for through in model_runs.RUNTIME_INTERFACES:
        with step(f"running through the {through}"):
            model_runs.run_models(environment, modules, through=through, compiled=compiled)
    return compiled


def smoke_test_pure(test: WheelTest, wheel: PinnedWheel, scratch: Path) -> Outcome:
    """Installs one wheel without native files, alone, and checks the installed files.

    Its importers are not run: they require TensorFlow, which lacks wheels for some Pythons of a
    plan.
    """
    with tempfile.TemporaryDirectory(dir=scratch, ignore_cleanup_errors=True) as directory:
        return test.of([wheel]).run(lambda: _install_pure(test, wheel, Path(directory)))


def _install_pure(test: WheelTest, wheel: PinnedWheel, directory: Path) -> str:
    with step("creating an environment"):
        environment = test.environment(directory)
    with step("installing"):
        environment.install_alone([wheel]).expect()
    with step("checking installed files"):
        installed.check_installed(environment, [wheel], test.version)
    with step("checking console scripts"):
        names = installed.declared_scripts(environment, wheel)
        if not names:
            raise SmokeTestError(f"{wheel.package} declares no console script")
        for name in sorted(names):
            if not (environment.scripts / name).is_file():
                raise SmokeTestError(f"{name} is missing")
    return (
        "installed without dependencies; metadata and console scripts are present; not run, since "
        "they require TensorFlow"
    )
