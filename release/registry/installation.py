"""Installs pushed wheels of a product from a registry by name, and smoke-tests them.

`verification.py` does the same for the release of a companion, from its wheelhouse.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from release.gate.smoke import supplier
from release.gate.smoke.environment import Environment, PinnedWheel, Requirements
from release.gate.smoke.host import host_platform
from release.gate.smoke.local import smoke_test_python
from release.gate.smoke.runnable import RunnableRelease
from release.model import release_dir, terminal
from release.model.errors import Refused, UsageError
from release.model.manifest import Manifest
from release.model.outcome import Outcome
from release.model.plan import Plan
from release.model.products import DeclaredProduct
from release.model.state import RunState
from release.registry import expected
from release.registry.pip_command import install_by_name

if TYPE_CHECKING:
    from release.registry.registry import Registry


@dataclass(frozen=True, slots=True)
class PushedRelease:
    """A release whose wheels were pushed."""

    plan: Plan
    manifest: Manifest

    @property
    def name(self) -> str:
        """The product and the version."""
        return f"{self.plan.product.name} {self.plan.version}"


def pythons_of(release: PushedRelease, chosen: Sequence[str]) -> tuple[str, ...]:
    """The Pythons to test on: those of this machine's platform, or the chosen ones.

    Raises:
      UsageError: the plan lacks this machine's platform, or a chosen Python on it.
    """
    platform = host_platform(release.plan.platforms)
    known = dict.fromkeys(cell.python for cell in release.plan.cells if cell.platform == platform)
    if not known:
        raise UsageError(f"{release.name} has no wheels for this machine's platform")
    for python in chosen:
        if python not in known:
            raise UsageError(
                f"--python {python}: {release.name} has no wheels for it on {platform}; expected "
                f"one of {', '.join(known)}"
            )
    return tuple(chosen or known)


def verify_release(
    registry: Registry,
    release: PushedRelease,
    product: DeclaredProduct | None,
    pythons: Sequence[str],
    console: Console,
) -> tuple[Outcome, ...]:
    """Checks the files on a registry, then installs the release by name and smoke-tests it.

    Args:
      registry: the registry.
      release: what was pushed.
      product: its product as this command knows it.
      pythons: what to test on.
      console: shows progress.

    Raises:
      Refused: a wheel is missing, or differs from what was pushed.
      RemoteError: the registry cannot be read now.
    """

    def report(line: str) -> None:
        terminal.say(console, line, "dim")

    pushed = expected.from_manifest(release.manifest)
    files = registry.files_of(wheel.project for wheel in pushed)
    for difference in expected.differences(registry, files, pushed):
        raise Refused(difference)
    report(f"all {len(pushed)} wheels on {registry.host} match what was pushed")
    platform = host_platform(release.plan.platforms)
    assert platform, "pythons_of refuses a release without it"
    equipment = supplier.from_environment(report, product.files.requirements if product else None)
    outcomes = []
    with tempfile.TemporaryDirectory(prefix="iree-release-") as scratch:
        runnable = RunnableRelease(
            plan=release.plan,
            files=dict(_download(registry, release, platform, pythons, Path(scratch))),
            digests=release.manifest.digests(),
            declared=product,
        )

        def install(
            environment: Environment, wheels: Sequence[PinnedWheel], requirements: Requirements
        ) -> None:
            install_requirements(environment, requirements)
            pinned = [f"{wheel.package}=={release.plan.version}" for wheel in wheels]
            install_by_name(environment, registry, pinned, wheels[0].package)

        def install_alone(environment: Environment, wheel: PinnedWheel) -> None:
            pinned = [f"{wheel.package}=={release.plan.version}"]
            install_by_name(environment, registry, pinned, wheel.package, "--no-deps")

        for python in pythons:
            with console.status(f"testing on Python {python}"):
                for outcome in smoke_test_python(
                    runnable,
                    equipment,
                    platform,
                    python,
                    Path(scratch),
                    install=install,
                    install_alone=install_alone,
                ):
                    terminal.say(console, line_of(outcome))
                    outcomes.append(outcome)
    return tuple(outcomes)


def install_requirements(environment: Environment, requirements: Requirements) -> None:
    """Installs every project of a lock from its pinned wheel.

    Raises:
      SmokeTestError: the installer fails.
    """
    if requirements.lock is None:
        return
    text = requirements.lock.read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    if lines:
        environment.install_pinned(lines, requirements.directories).expect()


def require_pass(release: PushedRelease, outcomes: Sequence[Outcome]) -> None:
    """Checks that a release passed.

    Packages that are installed alone do not count, since nothing runs them.

    Raises:
      Refused: a smoke test failed, or no package was tested that is installed with the others.
    """
    for one in outcomes:
        if one.status is RunState.FAILED:
            raise Refused(f"{release.name} on Python {one.python}: {one.detail}")
    product = release.plan.product
    alone = {
        cell.wheel for cell in release.plan.cells if product.package(cell.package).alone is not None
    }
    if not any(
        one.status is product.success and not alone.issuperset(one.files) for one in outcomes
    ):
        raise Refused(f"{release.name} was not tested on any Python, for the reasons above")


def line_of(outcome: Outcome) -> str:
    """An outcome as one line."""
    wheels = ", ".join(file.split("-")[0] for file in outcome.files)
    return f"{outcome.status}: Python {outcome.python}, {wheels}: {outcome.detail}"


def _download(
    registry: Registry,
    release: PushedRelease,
    platform: str,
    pythons: Sequence[str],
    directory: Path,
) -> Iterator[tuple[str, Path]]:
    """Downloads the wheels for some Pythons, and checks them against the manifest."""
    names = {
        cell.wheel: cell.package
        for cell in release.plan.cells
        if cell.platform == platform and cell.python in pythons
    }
    digests = release.manifest.digests()
    for name, package in names.items():
        # A missing wheel, which the plan tolerates, has a smoke test that is not run.
        with suppress(KeyError):
            digest = digests[name]
            registry.download(package, name, directory / name)
            if release_dir.sha256(directory / name) != digest:
                raise Refused(f"{registry.host}: {name} differs from the wheel that was pushed")
            yield name, directory / name
