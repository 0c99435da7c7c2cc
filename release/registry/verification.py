"""Verifies a pushed release: installs it by name, as users do, and checks what was installed.

Nothing on this machine can make a verification pass: the environment is new, no cache and no local
directory is used, and each installed file is checked against the registry's wheel, which is in turn
checked against the digest that was pushed.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import Distribution
from pathlib import Path
from typing import TYPE_CHECKING

from installer.records import Hash, RecordEntry, parse_record_file
from packaging.tags import Tag
from packaging.utils import canonicalize_name, parse_wheel_filename
from rich.console import Console

from release.gate.smoke import supplier
from release.gate.smoke.environment import Environment
from release.gate.smoke.equipment import Equipment
from release.gate.smoke.errors import SmokeTestError
from release.gate.smoke.installed import installed_path
from release.model import release_dir, terminal
from release.model.errors import Refused, UsageError
from release.model.product import Companion
from release.model.wheelhouse import Lock, Wheelhouse, WheelhouseWheel
from release.registry import expected
from release.registry.pip_command import install_by_name
from release.turbine import smoke_test
from release.turbine.smoke_test import SuiteOutcome, SuiteRun
from release.turbine.tools import Tools

if TYPE_CHECKING:
    from release.registry.registry import Registry


@dataclass(frozen=True, slots=True)
class Verification:
    """What to verify, and with which tools."""

    registry: Registry
    wheelhouse: Wheelhouse
    """The wheels that were pushed, by digest."""
    suite: Path
    equipment: Equipment
    tools: Tools
    report: Callable[[str], None]
    """Called with a message about each step."""


@dataclass(frozen=True, slots=True)
class VerifiedRelease:
    """The result of a verification."""

    wheels: int
    """Number of wheels on the registry that match their digests."""
    outcomes: tuple[SuiteOutcome, ...]
    """The outcomes of the test runs."""


def locks_of(wheelhouse: Wheelhouse, pythons: Sequence[str]) -> tuple[Lock, ...]:
    """The locks of a wheelhouse for some Pythons; for all, if none are given.

    Raises:
      UsageError: the wheelhouse has no lock for any of them.
    """
    locks = tuple(one for one in wheelhouse.locks if not pythons or one.python in pythons)
    if not locks:
        raise UsageError(f"--python: the wheelhouse has no lock for Python {' or '.join(pythons)}")
    return locks


def verify_release(
    registry: Registry,
    wheelhouse: Wheelhouse,
    locks: Sequence[Lock],
    companion: Companion,
    suite: Path,
    console: Console,
) -> VerifiedRelease:
    """Checks the files on a registry, then installs the release by name and tests it.

    Args:
      registry: the registry.
      wheelhouse: what was pushed.
      locks: the platforms and Pythons to test on; those of other machines are skipped.
      companion: what was released.
      suite: a file or directory of tests for pytest.
      console: shows progress.

    Raises:
      Refused: a wheel is missing, or differs from the pushed one.
      RemoteError: the registry cannot be read now.
    """

    def report(line: str) -> None:
        terminal.say(console, line, "dim")

    count = check_digests(registry, wheelhouse)
    report(f"all {count} wheels on {registry.host} match what was pushed")
    equipment = supplier.from_environment(report)
    tools = Tools.from_environment(companion.name)
    this = Verification(registry, wheelhouse, suite, equipment, tools, report)
    outcomes = smoke_test.run_each(wheelhouse, locks, console, lambda lock: verify(this, lock))
    return VerifiedRelease(count, tuple(outcomes))


def check_digests(registry: Registry, wheelhouse: Wheelhouse) -> int:
    """Compares the files on the registry with the wheels that were pushed.

    Returns:
      The number of wheels.

    Raises:
      Refused: a wheel is missing, or differs from what was pushed.
      RemoteError: the registry cannot be reached now.
    """
    pushed = expected.from_wheelhouse(wheelhouse)
    files = registry.files_of(wheel.project for wheel in pushed)
    for difference in expected.differences(registry, files, pushed):
        raise Refused(difference)
    return len(pushed)


def verify(verification: Verification, lock: Lock) -> SuiteOutcome:
    """Installs a release by name on one Python, and runs a test suite.

    Args:
      verification: what to verify, and with which tools.
      lock: the platform and Python, and the dependencies.
    """
    wheelhouse, registry = verification.wheelhouse, verification.registry

    def install(environment: Environment) -> None:
        dependencies = environment.root / "dependencies"
        verification.tools.fetch_locked(
            *(lock.platform, lock.python, wheelhouse.tags(lock.platform), dependencies),
            verification.report,
        )
        environment.install_pinned(
            list(smoke_test.requirements(wheelhouse.dependencies(lock))), [dependencies]
        ).expect()
        pinned = [f"{wheel.project}=={wheel.version}" for wheel in wheelhouse.of_role("turbine")]
        install_by_name(environment, registry, pinned, wheelhouse.of_role("turbine")[0].project)

    def verify_files(environment: Environment) -> None:
        try:
            count = _check_files(verification, environment)
        except Refused as error:
            raise SmokeTestError(str(error)) from error
        verification.report(
            f"Python {lock.python}: {count} installed files match the published wheels"
        )

    return smoke_test.run(
        SuiteRun(
            wheelhouse,
            lock,
            verification.suite,
            verification.equipment,
            install,
            origin="pushed",
            verify=verify_files,
        )
    )


def _check_files(verification: Verification, environment: Environment) -> int:
    """Checks each installed file of the release against the published wheel.

    Returns:
      The number of files.

    Raises:
      Refused: a file differs.
    """
    count = 0
    installed: dict[str, Distribution] = {
        canonicalize_name(name): distribution
        for name, distribution in environment.distributions().items()
    }
    for project in dict.fromkeys(
        wheel.project for wheel in verification.wheelhouse.of_role("turbine", "core")
    ):
        distribution = installed.get(project)
        if distribution is None:
            raise Refused(
                f"{project} is part of the release, but was not installed; add it to the "
                f"requirements of {verification.tools.companion}"
            )
        wheel = _installed_wheel(
            [one for one in verification.wheelhouse.wheels if one.project == project],
            (distribution.read_text("WHEEL") or "").splitlines(),
        )
        assert wheel.filename
        target = environment.root / wheel.filename
        verification.registry.download(project, wheel.filename, target)
        if release_dir.sha256(target) != wheel.sha256:
            host = verification.registry.host
            raise Refused(f"{host}: {target.name} differs from the wheel that was pushed")
        for entry in _recorded(target):
            path = installed_path(environment, entry.path)
            if not path.is_file() or not _same(entry.hash_, path):
                raise Refused(f"{entry.path} of {project} differs from the published wheel")
            count += 1
        target.unlink()
    return count


def _installed_wheel(wheels: Sequence[WheelhouseWheel], lines: Sequence[str]) -> WheelhouseWheel:
    """Finds the installed wheel of a project by the tags in its WHEEL file."""
    tags = {line.removeprefix("Tag: ") for line in lines if line.startswith("Tag: ")}
    for wheel in wheels:
        assert wheel.filename
        own: frozenset[Tag] = parse_wheel_filename(wheel.filename)[3]
        if {str(tag) for tag in own} == tags:
            return wheel
    raise Refused(f"{wheels[0].project}: no wheel for {', '.join(sorted(tags))} was pushed")


def _recorded(wheel: Path) -> Iterator[RecordEntry]:
    """The RECORD entries of a wheel that have a digest."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (path for path in archive.namelist() if path.endswith(".dist-info/RECORD"))
        rows = parse_record_file(archive.read(name).decode().splitlines())
        for row in rows:
            entry = RecordEntry.from_elements(*row)
            if entry.hash_ is not None:
                yield entry


def _same(digest: Hash | None, path: Path) -> bool:
    return digest is not None and digest.validate(path.read_bytes())
