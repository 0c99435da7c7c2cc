"""The trial of wheels: installed for one Python, used in every way a user has, numbers compared.

It imports the standard library and its own neighbours alone, so that it also runs where nothing
else is: in a clean container.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from release.gate.smoke import installed, model_runs
from release.gate.smoke.attempt import Attempt, step
from release.gate.smoke.environment import Environment, ExactWheel, Requirements
from release.gate.smoke.process import TIMEOUT, SmokeTestError
from release.model.outcome import Outcome


@dataclass(frozen=True, slots=True)
class WheelTest:
    """What is installed, and for which Python."""

    version: str
    """The version of the release."""
    platform: str
    """Name of the platform, which is this machine's own."""
    python: str
    """Minor version, such as 3.14."""
    release: str
    """The interpreter's own version, such as 3.14.8."""
    interpreter: Path
    uv: Path
    """The installer."""
    timeout: float = TIMEOUT
    """Seconds that each program may take."""

    def environment(self, directory: Path) -> Environment:
        """An empty environment in a new directory below `directory`.

        Raises:
          SmokeTestError: the interpreter is not the one that it should be, or uv refuses it.
        """
        root = Path(tempfile.mkdtemp(dir=directory))
        environment = Environment.create(
            root, uv=self.uv, interpreter=self.interpreter, timeout=self.timeout
        )
        said = environment.run("python", "-I", "--version").expect().stdout.strip()
        if not said.startswith(f"Python {self.python}."):
            raise SmokeTestError(f"{self.interpreter} is {said}, not Python {self.python}")
        return environment

    def attempt(self, wheels: Sequence[ExactWheel]) -> Attempt:
        """The trial of some wheels, before anything was tried."""
        return Attempt(
            platform=self.platform,
            kind="python",
            python=self.python,
            engine=f"CPython {self.release}",
            files=tuple(wheel.path.name for wheel in wheels),
        )


def try_native(
    subject: WheelTest,
    wheels: Sequence[ExactWheel],
    requirements: Requirements,
    scratch: Path,
) -> Outcome:
    """Installs the wheels with native files together, and uses them.

    Args:
      subject: the Python, and what installs.
      wheels: iree-compiler and iree-runtime.
      requirements: what they may ask for.
      scratch: a directory that has room for half a gigabyte; what is made there is taken away.
    """
    with tempfile.TemporaryDirectory(dir=scratch, ignore_cleanup_errors=True) as directory:
        return subject.attempt(wheels).run(
            lambda: _use_native(subject, wheels, requirements, Path(directory))
        )


def _use_native(
    subject: WheelTest, wheels: Sequence[ExactWheel], requirements: Requirements, directory: Path
) -> str:
    with step("making an environment"):
        environment = subject.environment(directory)
    with step("installing"):
        environment.install(wheels, requirements).expect()
    with step("looking for what is required"):
        environment.check().expect()
    with step("comparing what is installed"):
        installed.check_installed(environment, wheels, subject.version)
    with step("asking the version modules"):
        installed.check_version_modules(environment, wheels, subject.version)
    with step("loading entry points"):
        installed.check_entry_points(environment, wheels)
    with step("calling console scripts"):
        scripts = installed.check_scripts(environment, wheels)
    models = run_model_set(environment, directory / "modules")
    return f"installed; {scripts} console scripts answer; {models} compiled models compute rightly"


def run_model_set(environment: Environment, modules: Path) -> int:
    """Compiles the model set in every way, and runs all of it in every way.

    Returns:
      How many compiled models there are; each ran once in each way.

    Raises:
      SmokeTestError: a model cannot be compiled or run, or its numbers are not NumPy's.
    """
    compiled = 0
    for backend in model_runs.BACKENDS:
        for through in model_runs.COMPILED_THROUGH:
            with step(f"compiling for {backend} by the {through}"):
                model_runs.compile_models(environment, modules, through=through, backend=backend)
            compiled += len(model_runs.MODELS)
    for through in model_runs.RAN_THROUGH:
        with step(f"running by the {through}"):
            model_runs.run_models(environment, modules, through=through, compiled=compiled)
    return compiled


def try_pure(subject: WheelTest, wheel: ExactWheel, scratch: Path) -> Outcome:
    """Installs one wheel without native files, alone, and looks at what it left.

    The importers are not started: they require TensorFlow, which has no wheels for every Python
    of a plan.
    """
    with tempfile.TemporaryDirectory(dir=scratch, ignore_cleanup_errors=True) as directory:
        return subject.attempt([wheel]).run(lambda: _install_pure(subject, wheel, Path(directory)))


def _install_pure(subject: WheelTest, wheel: ExactWheel, directory: Path) -> str:
    with step("making an environment"):
        environment = subject.environment(directory)
    with step("installing"):
        environment.install_alone([wheel]).expect()
    with step("comparing what is installed"):
        installed.check_installed(environment, [wheel], subject.version)
    with step("looking for console scripts"):
        names = installed.declared_scripts(environment, wheel)
        if not names:
            raise SmokeTestError(f"{wheel.package} declares no console script")
        for name in sorted(names):
            if not (environment.scripts / name).is_file():
                raise SmokeTestError(f"{name} is not there")
    return (
        "installed alone; its metadata and console scripts are there, and were not started: "
        "TensorFlow, which they require, has no wheels here"
    )
