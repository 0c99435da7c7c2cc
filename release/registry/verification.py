"""Verification of what was published: installed by name, as a user does, and held against it.

Nothing of this machine can make it pass: the environment is new, no cache and no directory is
looked into, and each installed file is held against the wheel that the registry has, which is held
against the digest that was pushed.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import Distribution
from pathlib import Path
from typing import TYPE_CHECKING

import pip
from installer.records import Hash, RecordEntry, parse_record_file
from packaging.tags import Tag
from packaging.utils import canonicalize_name, parse_wheel_filename

from release.gate.smoke.environment import Environment
from release.gate.smoke.equipment import Equipment
from release.gate.smoke.process import SmokeTestError
from release.model import release_dir
from release.model.errors import Refused
from release.model.wheelhouse import Lock, Wheelhouse, WheelhouseWheel
from release.registry import expected
from release.turbine import smoke_test
from release.turbine.smoke_test import SuiteOutcome, SuiteRun
from release.turbine.tools import Tools

if TYPE_CHECKING:
    from release.registry.registry import Registry

_PIP = Path(pip.__file__).with_name("__pip-runner__.py")
"""pip, to be run by another Python than ours, as its own --python does."""


@dataclass(frozen=True, slots=True)
class Verification:
    """What is verified, and with what."""

    registry: Registry
    wheelhouse: Wheelhouse
    """What was pushed, by digest."""
    suite: Path
    equipment: Equipment
    tools: Tools
    say: Callable[[str], None]
    """Is told what is done."""


def check_digests(registry: Registry, wheelhouse: Wheelhouse) -> int:
    """Holds what the registry has of a release against what was pushed.

    Returns:
      How many wheels it has.

    Raises:
      Refused: a wheel is missing, or other than it was pushed.
      RemoteError: the registry cannot be asked now.
    """
    pushed = expected.of_statement(wheelhouse)
    there = registry.files_of(wheel.project for wheel in pushed)
    for difference in expected.differences(registry, there, pushed):
        raise Refused(difference)
    return len(pushed)


def verify(verification: Verification, lock: Lock) -> SuiteOutcome:
    """Installs a release by name on one Python, and runs a suite.

    Args:
      verification: what, and with what.
      lock: the platform and Python, and what else is required there.
    """
    wheelhouse, registry = verification.wheelhouse, verification.registry

    def install(environment: Environment) -> None:
        dependencies = environment.root / "dependencies"
        verification.tools.fetch_locked(
            *(lock.platform, lock.python, wheelhouse.tags(lock.platform), dependencies),
            verification.say,
        )
        environment.install_pinned(
            list(smoke_test.requirements(wheelhouse.dependencies(lock))), [dependencies]
        ).expect()
        named = [f"{wheel.project}=={wheel.version}" for wheel in wheelhouse.of_role("turbine")]
        done = environment.run_online(
            *("python", str(_PIP), "install", "--isolated", "--no-cache-dir", "--no-input"),
            *("--disable-pip-version-check", "--only-binary", ":all:"),
            *("--index-url", registry.index, *named),
        )
        if done.exit_code:
            # Where it is the network that failed, this says so.
            registry.files(wheelhouse.of_role("turbine")[0].project)
        done.expect()

    def hold(environment: Environment) -> None:
        try:
            count = _check_files(verification, environment)
        except Refused as error:
            raise SmokeTestError(str(error)) from error
        verification.say(f"Python {lock.python}: {count} installed files are those published")

    return smoke_test.attempt(
        SuiteRun(
            wheelhouse,
            lock,
            verification.suite,
            verification.equipment,
            install,
            source="pushed",
            hold=hold,
        )
    )


def _check_files(verification: Verification, environment: Environment) -> int:
    """Holds each installed file of ours against the published wheel; returns how many there are.

    Raises:
      Refused: one is not what was published.
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
            raise Refused(f"{project} is of the release, and does not come with it: require it")
        wheel = _installed_wheel(
            [one for one in verification.wheelhouse.wheels if one.project == project],
            (distribution.read_text("WHEEL") or "").splitlines(),
        )
        assert wheel.filename
        target = environment.root / wheel.filename
        verification.registry.download(project, wheel.filename, target)
        if release_dir.sha256(target) != wheel.sha256:
            host = verification.registry.host
            raise Refused(f"{host}: it sends other bytes of {target.name} than were pushed")
        for entry in _recorded(target):
            path = environment.place(distribution, entry.path)
            if not path.is_file() or not _same(entry.hash_, path):
                raise Refused(f"{entry.path} of {project}, as installed, is not what was published")
            count += 1
        target.unlink()
    return count


def _installed_wheel(wheels: Sequence[WheelhouseWheel], lines: Sequence[str]) -> WheelhouseWheel:
    """Which of a project's wheels it is that was installed, by the tags that WHEEL has."""
    tags = {line.removeprefix("Tag: ") for line in lines if line.startswith("Tag: ")}
    for wheel in wheels:
        assert wheel.filename
        own: frozenset[Tag] = parse_wheel_filename(wheel.filename)[3]
        if {str(tag) for tag in own} == tags:
            return wheel
    raise Refused(f"{wheels[0].project}: nobody pushed a wheel for {', '.join(sorted(tags))}")


def _recorded(wheel: Path) -> Iterator[RecordEntry]:
    """The files of a wheel that RECORD gives a digest for."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (path for path in archive.namelist() if path.endswith(".dist-info/RECORD"))
        rows = parse_record_file(archive.read(name).decode().splitlines())
        for row in rows:
            entry = RecordEntry.from_elements(*row)
            if entry.hash_ is not None:
                yield entry


def _same(digest: Hash | None, path: Path) -> bool:
    return digest is not None and digest.validate(path.read_bytes())
