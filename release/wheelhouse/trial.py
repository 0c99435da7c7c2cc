"""A trial of a turbine release: installed from its wheelhouse alone, it passes a test suite."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from packaging.utils import canonicalize_name
from packaging.version import Version

from release.gate.trial.environment import Environment
from release.gate.trial.equipment import Equipment
from release.gate.trial.process import TrialError
from release.wheelhouse.statement import Lock, Statement, Wheel

SUITE = Path(__file__).with_name("suite")
"""The suite that is run when nobody names another."""

Status = Literal["passed", "failed", "not run"]

_TORCH = "torch"
_TIMEOUT = 1800.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a trial on one Python ended."""

    platform: str
    python: str
    """Minor version, such as 3.11."""
    status: Status
    detail: str
    """What was done, what went wrong, or why it was not run."""
    frozen: tuple[str, ...] = ()
    """What was installed, PROJECT==VERSION each."""


def try_wheelhouse(
    place: Path, stated: Statement, lock: Lock, suite: Path, equipment: Equipment
) -> Outcome:
    """Installs a release in a fresh environment, and runs a suite of pytest there.

    Args:
      place: the wheelhouse, complete.
      stated: what it holds.
      lock: the platform and Python, and what is required there.
      suite: a file or folder of tests.
      equipment: Pythons and the installer.
    """

    def ended(status: Status, detail: str, frozen: Mapping[str, str] | None = None) -> Outcome:
        lines = [f"{project}=={version}" for project, version in (frozen or {}).items()]
        return Outcome(lock.platform, lock.python, status, detail, tuple(lines))

    interpreter = equipment.interpreters.get(lock.python)
    if interpreter is None or interpreter.executable is None:
        why = interpreter.reason if interpreter else "none was handed over"
        return ended("not run", f"there is no Python {lock.python} here ({why})")
    known = stated.by_digest()
    if not any(known[digest].project == _TORCH for digest in lock.wheels):
        return ended(
            "not run",
            f"the lock has no torch for Python {lock.python} on {lock.platform}: the index that it "
            "was made from has no build for the CPU",
        )
    with tempfile.TemporaryDirectory(prefix="iree-turbine-") as scratch:
        try:
            environment = Environment.create(
                Path(scratch),
                uv=equipment.uv,
                interpreter=interpreter.executable,
                timeout=_TIMEOUT,
            )
            environment.install_pinned(list(_requirements(stated, lock)), [place]).expect()
            environment.check().expect()
            frozen = freeze(environment)
            if strays := list(_strays(frozen, stated, lock)):
                return ended(
                    "failed", f"installed is what nobody locked: {', '.join(strays)}", frozen
                )
            done = environment.run(
                *("python", "-m", "pytest", "-q", "-p", "no:cacheprovider"), str(suite.absolute())
            )
            if done.exit_code:
                return ended("failed", f"the suite fails{done.last_words()}", frozen)
        except TrialError as error:
            return ended("failed", str(error))
    said = done.stdout.strip().splitlines()[-1]
    return ended("passed", f"CPython {interpreter.release}: {said}", frozen)


def freeze(environment: Environment) -> dict[str, str]:
    """What is installed: versions by normalised name, in the order of names."""
    return {
        str(canonicalize_name(name)): distribution.version
        for name, distribution in sorted(
            environment.distributions().items(), key=lambda item: item[0].lower()
        )
    }


def _requirements(stated: Statement, lock: Lock) -> Iterator[str]:
    """Each project once, with the digests that it may have."""
    wheels: dict[str, list[Wheel]] = {}
    for wheel in _of(stated, lock):
        wheels.setdefault(f"{wheel.project}=={wheel.version}", []).append(wheel)
    for requirement, ones in wheels.items():
        hashes = " ".join(f"--hash=sha256:{wheel.sha256}" for wheel in ones)
        yield f"{requirement} {hashes}"


def _of(stated: Statement, lock: Lock) -> Sequence[Wheel]:
    known = stated.by_digest()
    return (*stated.of_role("turbine", "core"), *(known[digest] for digest in lock.wheels))


def _strays(frozen: Mapping[str, str], stated: Statement, lock: Lock) -> Iterator[str]:
    """What is installed, and neither of the release nor of the lock in that version."""
    expected = {wheel.project: Version(wheel.version) for wheel in _of(stated, lock)}
    for project, version in frozen.items():
        if expected.get(project) != Version(version):
            yield f"{project} {version}"
