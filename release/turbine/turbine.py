"""Makes a turbine release: builds the wheels, fills the wheelhouse, and tests the release."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import canonicalize_name, parse_wheel_filename
from rich.console import Console

from release.gate.smoke import supplier
from release.gate.smoke.host import host_platform
from release.hosting.store import Store
from release.model import release_dir, terminal
from release.model.errors import Refused, UsageError
from release.model.product import Product
from release.model.wheelhouse import Lock, Wheelhouse, WheelhouseWheel
from release.turbine import core as cores
from release.turbine import filling, smoke_test, tools
from release.turbine.companion import companion_of
from release.turbine.core import Core
from release.turbine.filling import FillRequest
from release.turbine.smoke_test import SuiteOutcome
from release.turbine.tools import Tools
from toolchains import child_python


@dataclass(frozen=True, slots=True)
class TurbineRequest:
    """What a user asks for."""

    product: Product
    """The product whose companion is released."""
    version: str
    """Version of the companion."""
    store: Store
    """The store with the core."""
    core_release: str
    """Tag of the core: of the release of the product to ship with."""
    wheelhouse: Path
    """Directory to fill."""
    source: Path | None = None
    """A checkout or a wheel of the companion; None: the pinned wheel."""
    platforms: Sequence[str] = ()
    """Platforms to fetch the dependencies for; empty: this machine's."""
    pythons: Sequence[str] = ()
    """Minor versions, such as 3.12; empty: all of a platform."""
    download: bool = True
    """Whether the wheels of the core and of the dependencies are fetched."""
    clean: bool = False
    """Whether the wheels of another release are removed first."""


@dataclass(frozen=True, slots=True)
class TurbinePlan:
    """What a turbine release consists of."""

    request: TurbineRequest
    tools: Tools
    core: Core
    locks: tuple[Lock, ...]


@dataclass(frozen=True, slots=True)
class TurbineRelease:
    """A turbine release in a wheelhouse."""

    product: Product
    """The product whose companion it is."""
    directory: Path
    wheelhouse: Wheelhouse
    wheels: int
    """Number of wheels in the directory."""

    @property
    def name(self) -> str:
        """Its name and version, for messages."""
        return f"{companion_of(self.product).name} {self.wheelhouse.version}"


def plan(request: TurbineRequest) -> TurbinePlan:
    """Finds out what a release consists of; changes nothing.

    Raises:
      Refused: the core is not published, or incomplete.
      UsageError: the product has no companion, or a platform or Python has no lock.
      RemoteError: the store cannot be read now.
    """
    companion = companion_of(request.product)
    found = Tools.from_environment(companion.name)
    core = cores.read(request.store, request.core_release, companion.core)
    platforms = request.platforms or [
        host_platform(core.plan.platforms) or core.plan.platforms[0].name
    ]
    return TurbinePlan(request, found, core, _locks(found, core, platforms, request.pythons))


def make(plan: TurbinePlan, report: Callable[[str], None]) -> TurbineRelease:
    """Makes the wheels, and fills the wheelhouse.

    Args:
      plan: the result of `plan`.
      report: called with a message about each download.

    Raises:
      Refused: the wheelhouse holds another release, or a file does not match its digest.
      UsageError: the source does not exist.
      RemoteError: a remote failed; a rerun continues.
    """
    request, core = plan.request, plan.core
    with tempfile.TemporaryDirectory(prefix="turbine-") as scratch:
        built, source = _make(plan, Path(scratch))
        wheelhouse = Wheelhouse(
            version=request.version,
            core=core.version,
            core_from=f"{request.store.address} {core.tag}",
            commit=core.commit,
            source=source,
            wheels=tuple(_wheels(built, plan)),
            platforms=tuple(
                core.plan.platform(one)
                for one in dict.fromkeys(lock.platform for lock in plan.locks)
            ),
            locks=plan.locks,
        )
        filling.check(request.wheelhouse, wheelhouse, clean=request.clean)
        count = filling.fill(
            FillRequest(
                request.wheelhouse,
                wheelhouse,
                built,
                request.store,
                core,
                plan.tools,
                download=request.download,
                report=report,
            )
        )
    return TurbineRelease(request.product, request.wheelhouse, wheelhouse, count)


def test(release: TurbineRelease, suite: Path, console: Console) -> list[SuiteOutcome]:
    """Tests a release on each Python of this machine's platform that it was built for.

    Args:
      release: the release; its wheelhouse must be complete.
      suite: a file or directory of tests for pytest.
      console: shows progress.
    """
    filling.verify(release.directory)
    equipment = supplier.from_environment(lambda line: terminal.say(console, line, "dim"))

    def run(lock: Lock) -> SuiteOutcome:
        return smoke_test.run_from_wheelhouse(
            release.directory, release.wheelhouse, lock, suite, equipment
        )

    return smoke_test.run_each(release.wheelhouse, release.wheelhouse.locks, console, run)


def _locks(
    found: Tools, core: Core, platforms: Sequence[str], pythons: Sequence[str]
) -> tuple[Lock, ...]:
    """The locks of the dependencies, for platforms and Pythons.

    Raises:
      UsageError: one of them has no lock.
    """
    locks = []
    for platform in platforms:
        available = sorted(
            {cell.python for cell in core.plan.cells if cell.platform == platform},
            key=lambda python: int(python.split(".")[1]),
        )
        for python in pythons or available:
            lock = found.locks.get((platform, python))
            if lock is None or python not in available:
                known = sorted({name for name, _ in found.locks})
                raise UsageError(
                    f"--platform {platform} --python {python}: no lock exists; expected one of "
                    f"{', '.join(known)} and a Python of {core.tag}"
                )
            pins = tools.pins(lock)
            locks.append(Lock(platform, python, tuple(pin.sha256 for pin in pins)))
        if not (pythons or available):
            raise UsageError(f"--platform {platform}: {core.tag} has no such platform")
    return tuple(locks)


def _make(plan: TurbinePlan, scratch: Path) -> tuple[Path, str]:
    """Makes the two wheels; returns their directory and a description of their source."""
    source = plan.request.source
    target = scratch / "source"
    if source is None:
        wheel = plan.tools.fetch_source(target)
        description = f"pinned wheel {wheel.name}"
    elif source.is_dir():
        wheel = _build_wheel(source, target)
        description = f"checkout {source.absolute()}"
    else:
        wheel = source
        description = f"wheel {wheel.name}"
        if not wheel.is_file():
            raise UsageError(f"--source {source}: no such checkout or wheel exists")
    built = scratch / "built"
    built.mkdir()
    plan.tools.make(wheel, plan.request.version, plan.core.version, built)
    return built, description


def _build_wheel(checkout: Path, output: Path) -> Path:
    """Builds the wheel of a checkout of the companion with the host's pip."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-input"),
            *("--disable-pip-version-check", "--wheel-dir", output, checkout.absolute()),
        ],
        env=child_python.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    wheels = list(output.glob("*.whl")) if output.exists() else []
    if done.returncode or len(wheels) != 1:
        errors = re.findall(r"^ *(?:ERROR: |error: )(.+)$", done.stderr, re.MULTILINE)
        reason = errors[-1] if errors else "without an error message"
        raise Refused(f"{checkout}: pip failed to build a wheel ({reason})")
    return wheels[0]


def _wheels(built: Path, plan: TurbinePlan) -> Iterator[WheelhouseWheel]:
    """The expected content of the wheelhouse, each wheel once."""
    for path in sorted(built.iterdir()):
        project, version, *_ = parse_wheel_filename(path.name)
        yield WheelhouseWheel(project, str(version), release_dir.sha256(path), "turbine", path.name)
    for artifact in plan.core.wheels:
        assert artifact.package, "it is a wheel"
        yield WheelhouseWheel(
            artifact.package, plan.core.version, artifact.sha256, "core", artifact.filename
        )
    pins = {
        pin.sha256: pin
        for lock in plan.locks
        for pin in tools.pins(plan.tools.locks[lock.platform, lock.python])
    }
    for pin in pins.values():
        yield WheelhouseWheel(canonicalize_name(pin.project), pin.version, pin.sha256, "dependency")
