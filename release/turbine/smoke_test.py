"""A trial of a turbine release: installed from its wheelhouse alone, it passes a test suite."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from packaging.utils import canonicalize_name
from packaging.version import Version
from rich.console import Console

from release.gate.smoke.candidate import NotRunError, own_platform
from release.gate.smoke.environment import Environment
from release.gate.smoke.equipment import Equipment
from release.gate.smoke.process import SmokeTestError
from release.model import terminal
from release.model.errors import Refused
from release.model.wheelhouse import Lock, Wheelhouse, WheelhouseWheel

SUITE = Path(__file__).with_name("suite")
"""The suite that is run when nobody names another."""

Status = Literal["passed", "failed", "not run"]

_TORCH = "torch"
_TIMEOUT = 1800.0
"""Seconds that a step of a trial may take."""


@dataclass(frozen=True, slots=True)
class SuiteOutcome:
    """How a trial on one Python ended."""

    platform: str
    python: str
    """Minor version, such as 3.11."""
    status: Status
    detail: str
    """What was done, what went wrong, or why it was not run."""
    frozen: tuple[str, ...] = ()
    """What was installed, PROJECT==VERSION each."""

    def __str__(self) -> str:
        """One line."""
        return f"{self.status}: {self.platform} Python {self.python}: {self.detail}"


def on_each(
    stated: Wheelhouse,
    locks: Sequence[Lock],
    console: Console,
    trying: Callable[[Lock], SuiteOutcome],
) -> list[SuiteOutcome]:
    """Tries a release on each Python of this machine's platform, and tells how that went."""
    own = own_platform(stated.platforms)
    outcomes = []
    for lock in locks:
        if lock.platform == own:
            with console.status(f"trying it on Python {lock.python}"):
                outcomes.append(trying(lock))
            terminal.say(console, str(outcomes[-1]))
    return outcomes


def decide(release: str, outcomes: Sequence[SuiteOutcome]) -> None:
    """Says whether a release may go on.

    Args:
      release: its name and version, for the message.
      outcomes: of its trials.

    Raises:
      Refused: one failed, or none was made.
    """
    for one in outcomes:
        if one.status == "failed":
            raise Refused(f"{release} on Python {one.python}: {one.detail}")
    if not outcomes:
        raise Refused(f"{release} was not tried: nothing was gathered for this machine's platform")
    if all(one.status == "not run" for one in outcomes):
        raise Refused(f"{release} was not tried on any Python, for the reasons above")


def try_wheelhouse(
    place: Path, stated: Wheelhouse, lock: Lock, suite: Path, equipment: Equipment
) -> SuiteOutcome:
    """Installs a release from its wheelhouse alone, and runs a suite.

    Args:
      place: the wheelhouse, complete.
      stated: what it holds.
      lock: the platform and Python, and what is required there.
      suite: a file or directory of tests.
      equipment: Pythons and the installer.
    """
    wheels = (*stated.of_role("turbine", "core"), *stated.dependencies(lock))

    def install(environment: Environment) -> None:
        environment.install_pinned(list(requirements(wheels)), [place]).expect()

    return attempt(SuiteRun(stated, lock, suite, equipment, install, source="locked"))


@dataclass(frozen=True, slots=True)
class SuiteRun:
    """What is tried on one Python, and how it gets there."""

    stated: Wheelhouse
    lock: Lock
    """The platform and Python, and what is required there."""
    suite: Path
    """A file or directory of tests for pytest, which the lock has."""
    equipment: Equipment
    install: Callable[[Environment], None]
    """Installs the release, and all that it requires, or raises SmokeTestError."""
    source: str
    """What somebody did to all that may be installed, for the message on what nobody did it to."""
    hold: Callable[[Environment], None] = lambda _: None
    """Holds what is installed against more than names and versions, or raises SmokeTestError."""


def attempt(this: SuiteRun) -> SuiteOutcome:
    """Has a release installed in a fresh environment, and runs a suite there."""
    lock = this.lock
    interpreter = _interpreter(this)
    if isinstance(interpreter, SuiteOutcome):
        return interpreter
    with tempfile.TemporaryDirectory(prefix="iree-turbine-") as scratch:
        try:
            environment = Environment.create(
                Path(scratch), uv=this.equipment.uv, interpreter=interpreter, timeout=_TIMEOUT
            )
            this.install(environment)
            environment.check().expect()
            frozen = _freeze(environment)
            if found := list(_strays(frozen, this.stated, lock)):
                told = f"installed is what nobody {this.source}: {', '.join(found)}"
                return _outcome(lock, "failed", told, frozen)
            this.hold(environment)
            return _outcome(lock, *_run_suite(this.suite, environment), frozen)
        except SmokeTestError as error:
            return _outcome(lock, "failed", str(error))


def _run_suite(suite: Path, environment: Environment) -> tuple[Status, str]:
    done = environment.run(
        *("python", "-m", "pytest", "-q", "-p", "no:cacheprovider"), str(suite.absolute())
    )
    if done.exit_code:
        return "failed", f"the suite fails{done.last_words()}"
    python = environment.run("python", "--version").stdout.strip()
    return "passed", f"{python}: {done.stdout.strip().splitlines()[-1]}"


def _interpreter(this: SuiteRun) -> Path | SuiteOutcome:
    """The Python to try a release on, or why it is not run there."""
    lock = this.lock
    if not any(wheel.project == _TORCH for wheel in this.stated.dependencies(lock)):
        return _outcome(
            lock,
            "not run",
            f"the lock has no torch for Python {lock.python} on {lock.platform}: the index that it "
            "was made from has no build for the CPU",
        )
    try:
        return this.equipment.interpreter(lock.python).executable
    except NotRunError as error:
        return _outcome(lock, "not run", str(error))


def _outcome(
    lock: Lock, status: Status, detail: str, frozen: Mapping[str, str] | None = None
) -> SuiteOutcome:
    """How a trial ended."""
    lines = [f"{project}=={version}" for project, version in (frozen or {}).items()]
    return SuiteOutcome(lock.platform, lock.python, status, detail, tuple(lines))


def _freeze(environment: Environment) -> dict[str, str]:
    """What is installed: versions by normalised name, in the order of names."""
    found = {
        str(canonicalize_name(name)): distribution.version
        for name, distribution in environment.distributions().items()
    }
    return dict(sorted(found.items()))


def requirements(wheels: Iterable[WheelhouseWheel]) -> Iterator[str]:
    """Each project once, with the digests that it may have."""
    digests: dict[str, list[str]] = {}
    for wheel in wheels:
        digests.setdefault(f"{wheel.project}=={wheel.version}", []).append(wheel.sha256)
    for requirement, ones in digests.items():
        yield f"{requirement} {' '.join(f'--hash=sha256:{one}' for one in ones)}"


def _strays(frozen: Mapping[str, str], stated: Wheelhouse, lock: Lock) -> Iterator[str]:
    """What is installed, and neither of the release nor of the lock in that version."""
    wheels = (*stated.of_role("turbine", "core"), *stated.dependencies(lock))
    expected = {wheel.project: Version(wheel.version) for wheel in wheels}
    for project, version in frozen.items():
        if expected.get(project) != Version(version):
            yield f"{project} {version}"
