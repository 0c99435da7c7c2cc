"""Smoke tests of a turbine release: installs it in a new environment, and runs a test suite."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from packaging.utils import canonicalize_name
from packaging.version import Version
from rich.console import Console

from release.gate.smoke.environment import Environment
from release.gate.smoke.equipment import Equipment
from release.gate.smoke.errors import NotRunError, SmokeTestError
from release.gate.smoke.host import host_platform
from release.model import terminal
from release.model.errors import Refused, UsageError
from release.model.release_dir import where
from release.model.wheelhouse import Lock, Wheelhouse, WheelhouseWheel

SUITE = "TURBINE_SUITE"
"""The environment variable with the paths of the files of the default test suite."""

Status = Literal["passed", "failed", "not run"]

_TORCH = "torch"
_TIMEOUT = 1800.0
"""Time limit in seconds for each step of a smoke test."""


def suite_at(given: Path | None, environ: Mapping[str, str] = os.environ) -> Path:
    """The test suite to run: a given one, or that of the companion.

    Raises:
      UsageError: the given one does not exist, or the companion's is not known, because Bazel did
        not start the program.
    """
    if given:
        path = where(given)
        if not path.exists():
            raise UsageError(f"--suite {given}: no such file or directory exists")
        return path
    files = [Path(text).absolute() for text in environ.get(SUITE, "").split()]
    if not files:
        raise UsageError(
            f"${SUITE} is not set; pass --suite PATH, or start the command with "
            "`./bazelw run //release:NAME`"
        )
    return files[0].parent if files[0].is_file() else files[0]


@dataclass(frozen=True, slots=True)
class SuiteOutcome:
    """The outcome of a smoke test on one Python."""

    platform: str
    python: str
    """Minor version, such as 3.11."""
    status: Status
    detail: str
    """A summary, the error, or the reason why the test was not run."""
    frozen: tuple[str, ...] = ()
    """The installed packages, each as PROJECT==VERSION."""

    def __str__(self) -> str:
        """One line."""
        return f"{self.status}: {self.platform} Python {self.python}: {self.detail}"


def run_each(
    wheelhouse: Wheelhouse,
    locks: Sequence[Lock],
    console: Console,
    test: Callable[[Lock], SuiteOutcome],
) -> list[SuiteOutcome]:
    """Runs a test for each lock of this machine's platform, and prints the outcomes."""
    host = host_platform(wheelhouse.platforms)
    outcomes = []
    for lock in locks:
        if lock.platform == host:
            with console.status(f"testing on Python {lock.python}"):
                outcomes.append(test(lock))
            terminal.say(console, str(outcomes[-1]))
    return outcomes


def require_pass(release: str, outcomes: Sequence[SuiteOutcome]) -> None:
    """Checks that a release passed.

    Args:
      release: its name and version, for the message.
      outcomes: the outcomes of its smoke tests.

    Raises:
      Refused: a test failed, or none was run.
    """
    for one in outcomes:
        if one.status == "failed":
            raise Refused(f"{release} on Python {one.python}: {one.detail}")
    if not outcomes:
        raise Refused(
            f"{release} was not tested: the wheelhouse has no dependencies for this machine's "
            "platform"
        )
    if all(one.status == "not run" for one in outcomes):
        raise Refused(f"{release} was not tested on any Python, for the reasons above")


def run_from_wheelhouse(
    directory: Path, wheelhouse: Wheelhouse, lock: Lock, suite: Path, equipment: Equipment
) -> SuiteOutcome:
    """Installs a release from its wheelhouse alone, and runs a test suite.

    Args:
      directory: the wheelhouse, which must be complete.
      wheelhouse: the wheels in it.
      lock: the platform and Python, and the dependencies.
      suite: a file or directory of tests.
      equipment: Pythons and the installer.
    """
    wheels = (*wheelhouse.of_role("turbine", "core"), *wheelhouse.dependencies(lock))

    def install(environment: Environment) -> None:
        environment.install_pinned(list(requirements(wheels)), [directory]).expect()

    return run(SuiteRun(wheelhouse, lock, suite, equipment, install, origin="locked"))


@dataclass(frozen=True, slots=True)
class SuiteRun:
    """A smoke test on one Python."""

    wheelhouse: Wheelhouse
    lock: Lock
    """The platform and Python, and the dependencies."""
    suite: Path
    """A file or directory of tests for pytest, which the lock must include."""
    equipment: Equipment
    install: Callable[[Environment], None]
    """Installs the release and its dependencies, or raises SmokeTestError."""
    origin: Literal["locked", "pushed"]
    """What qualifies a package to be installed, for the message about any other package."""
    verify: Callable[[Environment], None] = lambda _: None
    """Checks the installed files, or raises SmokeTestError."""


def run(this: SuiteRun) -> SuiteOutcome:
    """Installs a release in a new environment, and runs a test suite there."""
    lock = this.lock
    interpreter = _interpreter(this)
    if isinstance(interpreter, SuiteOutcome):
        return interpreter
    with tempfile.TemporaryDirectory(prefix="turbine-") as scratch:
        try:
            environment = Environment.create(
                Path(scratch), uv=this.equipment.uv, interpreter=interpreter, timeout=_TIMEOUT
            )
            this.install(environment)
            environment.check().expect()
            frozen = _freeze(environment)
            if unexpected := list(_unexpected(frozen, this.wheelhouse, lock)):
                detail = f"installed packages that were not {this.origin}: {', '.join(unexpected)}"
                return _outcome(lock, "failed", detail, frozen)
            this.verify(environment)
            return _outcome(lock, *_run_suite(this.suite, environment), frozen)
        except SmokeTestError as error:
            return _outcome(lock, "failed", str(error))


def _run_suite(suite: Path, environment: Environment) -> tuple[Status, str]:
    result = environment.run(
        *("python", "-m", "pytest", "-q", "-p", "no:cacheprovider"), str(suite.absolute())
    )
    if result.exit_code:
        return "failed", f"the suite failed{result.output_tail()}"
    python = environment.run("python", "--version").stdout.strip()
    return "passed", f"{python}: {result.stdout.strip().splitlines()[-1]}"


def _interpreter(this: SuiteRun) -> Path | SuiteOutcome:
    """The Python to test on, or the outcome if the test cannot be run there."""
    lock = this.lock
    if not any(wheel.project == _TORCH for wheel in this.wheelhouse.dependencies(lock)):
        return _outcome(
            lock,
            "not run",
            f"the lock has no torch for Python {lock.python} on {lock.platform}, because its index "
            "has no CPU build",
        )
    try:
        return this.equipment.interpreter(lock.python).executable
    except NotRunError as error:
        return _outcome(lock, "not run", str(error))


def _outcome(
    lock: Lock, status: Status, detail: str, frozen: Mapping[str, str] | None = None
) -> SuiteOutcome:
    lines = [f"{project}=={version}" for project, version in (frozen or {}).items()]
    return SuiteOutcome(lock.platform, lock.python, status, detail, tuple(lines))


def _freeze(environment: Environment) -> dict[str, str]:
    """The installed versions by normalised project name, sorted by name."""
    versions = {
        str(canonicalize_name(name)): distribution.version
        for name, distribution in environment.distributions().items()
    }
    return dict(sorted(versions.items()))


def requirements(wheels: Iterable[WheelhouseWheel]) -> Iterator[str]:
    """A requirement for each project, with the digests of its wheels."""
    digests: dict[str, list[str]] = {}
    for wheel in wheels:
        digests.setdefault(f"{wheel.project}=={wheel.version}", []).append(wheel.sha256)
    for requirement, hashes in digests.items():
        yield f"{requirement} {' '.join(f'--hash=sha256:{digest}' for digest in hashes)}"


def _unexpected(frozen: Mapping[str, str], wheelhouse: Wheelhouse, lock: Lock) -> Iterator[str]:
    """Installed packages that are neither part of the release nor of the lock."""
    wheels = (*wheelhouse.of_role("turbine", "core"), *wheelhouse.dependencies(lock))
    expected = {wheel.project: Version(wheel.version) for wheel in wheels}
    for project, version in frozen.items():
        if expected.get(project) != Version(version):
            yield f"{project} {version}"
