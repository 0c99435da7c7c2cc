"""Trials on platforms that are not this machine's: emulated where that can be, told where not."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from release.gate.smoke import model_runs
from release.gate.smoke.answers import dist_tools, launched_tools
from release.gate.smoke.attempt import Attempt, step
from release.gate.smoke.candidate import NotRunError, TestableRelease, own_platform
from release.gate.smoke.dists import try_planned_dist
from release.gate.smoke.environment import ForeignPython
from release.gate.smoke.equipment import EmulatedPython, Emulation, Equipment
from release.gate.smoke.native import Runner
from release.gate.smoke.process import Done, SmokeTestError, run
from release.gate.smoke.runner import Qemu, started_wine
from release.gate.smoke.tool_runs import check_answers, compile_and_run
from release.model.outcome import Outcome
from release.model.plan import Platform

_SLOW = 900.0
"""Seconds that an emulated program may take; the slowest takes about sixty."""

_TOOLS = ("iree/compiler/_mlir_libs", "iree/_runtime_libs")
_CAPTURE = "iree/_runtime_libs_tracy"
_UV_SYSTEMS = {"linux": "aarch64-manylinux_2_28", "windows": "x86_64-pc-windows-msvc"}
_ABSENT = "all its files are missing, or were found wrong already"
_ASK_VERSIONS = """\
import iree.compiler.version, iree.runtime.version
print(iree.compiler.version.VERSION, iree.runtime.version.VERSION)
"""

_ASK_METADATA = """\
import importlib.metadata
print(*(importlib.metadata.version(name) for name in {names}))
"""


def try_emulated(
    candidate: TestableRelease, equipment: Equipment, scratch: Path
) -> Iterator[Outcome]:
    """Tries wheels and dists of every platform that is not this machine's own.

    Args:
      candidate: the files that were found sound.
      equipment: installer, emulator, and the wheels of others.
      scratch: a directory that has room for two gigabytes, at a path without spaces.

    Yields:
      Outcomes of each platform: its Pythons, the wheels' native tools, the dist.
    """
    for platform in _others(candidate):
        if (platform.os, platform.cpu) == ("linux", "aarch64"):
            yield from try_aarch64(candidate, equipment, platform, scratch)
        elif (platform.os, platform.cpu) == ("windows", "x86_64"):
            yield from try_windows(candidate, equipment, platform, scratch)
        else:
            formats = {"macos": "Mach-O programs"}
            what = formats.get(platform.os, f"programs for {platform.os} on {platform.cpu}")
            yield from _untried(candidate, platform, f"nothing here runs {what}")


def leave_untried(candidate: TestableRelease, why: str) -> Iterator[Outcome]:
    """The outcomes of every platform that is not this machine's own, when none is to be tried."""
    for platform in _others(candidate):
        yield from _untried(candidate, platform, why)


def try_aarch64(
    candidate: TestableRelease, equipment: Equipment, platform: Platform, scratch: Path
) -> Iterator[Outcome]:
    """Tries an aarch64 Linux under qemu: every Python that there is, tools, and the dist."""
    if not any(name in candidate.files for name in _planned(candidate, platform)):
        # Then no emulator needs to be fetched for them.
        yield from _untried(candidate, platform, _ABSENT)
        return
    try:
        emulation = equipment.emulation()
    except NotRunError as error:
        yield from _untried(candidate, platform, str(error))
        return
    with tempfile.TemporaryDirectory(dir=scratch, ignore_cleanup_errors=True) as directory:
        trial = _Aarch64(candidate, equipment, emulation, platform, Path(directory))
        pythons = candidate.pythons(platform.name)
        # The newest first: it compiles what the others, with the same wheel, only run.
        for python in reversed(pythons):
            yield trial.try_python(python)
            if candidate.planned(platform.name, python, pure=True):
                yield trial.try_pure(python)
        if pythons:
            yield trial.try_tools(pythons[-1])
        yield trial.try_dist()


def try_windows(
    candidate: TestableRelease, equipment: Equipment, platform: Platform, scratch: Path
) -> Iterator[Outcome]:
    """Tries a Windows under wine: the wheels' tools and the dist; there is no Python for it."""
    with ExitStack() as stack:
        try:
            wine, engine = stack.enter_context(started_wine(scratch))
        except NotRunError as error:
            yield from _untried(candidate, platform, str(error))
            return
        pythons = candidate.pythons(platform.name)
        for python in pythons:
            names = tuple(candidate.planned(platform.name, python, pure=False).values())
            names += tuple(candidate.planned(platform.name, python, pure=True).values())
            attempt = Attempt(platform.name, "python", python, engine, names)
            yield attempt.not_run("no CPython for Windows is to be had here; native tools are run")
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=scratch)))
        if pythons:
            yield _try_tools(
                *(candidate, equipment, platform, pythons[-1], wine, engine, directory), launch=True
            )
        yield try_planned_dist(
            candidate, platform, directory, engine=engine, runner=wine, timeout=_SLOW
        )


@dataclass(frozen=True, slots=True)
class _Aarch64:
    """The trials of one release on an emulated machine, which share what costs much."""

    candidate: TestableRelease
    equipment: Equipment
    emulation: Emulation
    platform: Platform
    directory: Path

    @property
    def engine(self) -> str:
        return f"qemu-aarch64 {self.emulation.version}"

    def try_python(self, version: str) -> Outcome:
        name = self.platform.name
        planned = tuple(self.candidate.planned(name, version, pure=False).values())
        attempt = Attempt(name, "python", version, self.engine, planned)
        python = self.emulation.pythons.get(version)
        if python is None:
            return attempt.not_run(self.emulation.missing.get(version, "it was not asked for"))
        try:
            wheels = self.candidate.native_wheels(name, version)
            requirements = self.equipment.requirements(name, version)
        except NotRunError as error:
            return attempt.not_run(str(error))
        elsewhere = ForeignPython(self.equipment.uv, _UV_SYSTEMS["linux"], version)
        packages = self.directory / f"python{version}"

        def steps() -> str:
            with step("installing"):
                elsewhere.install(packages, wheels, requirements)
            return self._use(python, packages, planned)

        return replace(attempt, engine=f"CPython {version}, {self.engine}").run(steps)

    def try_pure(self, version: str) -> Outcome:
        """Installs the wheels without native files; their importers require TensorFlow."""
        name = self.platform.name
        planned = tuple(self.candidate.planned(name, version, pure=True).values())
        attempt = Attempt(name, "python", version, self.engine, planned)
        python = self.emulation.pythons.get(version)
        wheels = self.candidate.pure_wheels(name, version)
        if python is None:
            return attempt.not_run(self.emulation.missing.get(version, "it was not asked for"))
        if len(wheels) < len(planned):
            return attempt.not_run("one of them is missing, or was found wrong already")
        elsewhere = ForeignPython(self.equipment.uv, _UV_SYSTEMS["linux"], version)
        packages = self.directory / f"pure{version}"

        def steps() -> str:
            with step("installing"):
                elsewhere.install(packages, wheels, None)
            with step("asking the metadata"):
                ask = _ASK_METADATA.format(names=[wheel.package for wheel in wheels])
                said = self._call(python, packages, "-c", ask).expect().stdout.split()
                if set(said) != {self.candidate.plan.version}:
                    raise SmokeTestError(f"it says {' and '.join(said)}")
            return "installed without what they require; not started: TensorFlow has no wheels here"

        return replace(attempt, engine=f"CPython {version}, {self.engine}").run(steps)

    def _use(self, python: EmulatedPython, packages: Path, wheels: tuple[str, ...]) -> str:
        """Compiles with each wheel once, and runs with every Python: compiling takes a minute."""

        def model_set(directory: Path, *arguments: str) -> Done:
            words = (str(model_runs.PROGRAM), *arguments, "--modules", str(directory))
            return self._call(python, packages, *words)

        with step("asking the version modules"):
            said = self._call(python, packages, "-c", _ASK_VERSIONS).expect().stdout.split()
            if set(said) != {self.candidate.plan.version}:
                raise SmokeTestError(f"they say {' and '.join(said)}")
        modules = self.directory / ("modules-of-" + "+".join(wheels))[:200]
        fresh = not modules.exists()
        if fresh:
            # Complete or not there: where this Python fails, the next one compiles for itself.
            aside = Path(tempfile.mkdtemp(dir=self.directory))
            for backend in model_runs.BACKENDS:
                with step(f"compiling for {backend}"):
                    flags = ("--through", "session", "--backend", backend)
                    model_set(aside, "compile", *flags).expect()
            aside.rename(modules)
        with step("running by the runtime"):
            count = len(model_runs.MODELS) * len(model_runs.BACKENDS)
            model_runs.check_verdicts(model_set(modules, "run", "--through", "runtime"), count)
        compiled = "" if fresh else ", compiled with another Python,"
        done = "compiled and run" if fresh else "run"
        return f"installed; {count} models{compiled} {done} through the API compute rightly"

    def _call(self, python: EmulatedPython, packages: Path, *arguments: str) -> Done:
        """Runs a Python that finds these packages."""
        qemu = Qemu(self.emulation.qemu, python.root, self.directory)
        return run(
            qemu.python(python.executable, packages, *arguments),
            environment=qemu.environment,
            timeout=_SLOW,
            name=python.executable.name,
        )

    def try_tools(self, python: str) -> Outcome:
        qemu = Qemu(self.emulation.qemu, self.emulation.root, self.directory)
        return _try_tools(
            *(self.candidate, self.equipment, self.platform, python, qemu, self.engine),
            self.directory,
            # A launcher would hand its tool to this machine's kernel.
            launch=False,
        )

    def try_dist(self) -> Outcome:
        qemu = Qemu(self.emulation.qemu, self.emulation.root, self.directory)
        return try_planned_dist(
            self.candidate,
            self.platform,
            self.directory,
            engine=self.engine,
            runner=qemu,
            timeout=_SLOW,
        )


def _try_tools(
    candidate: TestableRelease,
    equipment: Equipment,
    platform: Platform,
    python: str,
    runner: Runner,
    engine: str,
    scratch: Path,
    *,
    launch: bool,
) -> Outcome:
    """Uses the native tools of the wheels that serve a Python, and what launches them."""
    planned = tuple(candidate.planned(platform.name, python, pure=False).values())
    attempt = Attempt(platform.name, "tools", None, engine, planned)
    try:
        wheels = candidate.native_wheels(platform.name, python)
    except NotRunError as error:
        return attempt.not_run(str(error))
    packages, modules = scratch / "tools", scratch / "tools-modules"
    elsewhere = ForeignPython(equipment.uv, _UV_SYSTEMS[platform.os], python)

    def steps() -> str:
        with step("installing"):
            elsewhere.install(packages, wheels, None)
        with step("calling the tools"):
            tools = _tools_of_wheels(packages, platform.os)
            check_answers(tools, dist_tools(platform.os), runner, _SLOW)
        answering = f"{len(tools)} native tools"
        if launch:
            with step("calling the launchers"):
                launchers = _launchers_of_wheels(packages)
                check_answers(launchers, launched_tools(platform.os), runner, _SLOW)
            answering += f" and {len(launchers)} launchers"
        modules.mkdir()
        models = compile_and_run(
            tools["iree-compile"], tools["iree-run-module"], modules, runner, timeout=_SLOW
        )
        return f"{answering} answer; {models} compiled models compute rightly"

    return attempt.run(steps)


def _tools_of_wheels(packages: Path, os: str) -> Mapping[str, Path]:
    """The native programs of installed wheels by name, without the suffix of Windows."""
    end = ".exe" if os == "windows" else ""
    found = [path for place in _TOOLS for path in (packages / place).glob(f"iree-*{end}")]
    found += (packages / _CAPTURE).glob(f"iree-tracy-capture{end}")
    return {path.name.removesuffix(end): path for path in found}


def _launchers_of_wheels(packages: Path) -> Mapping[str, Path]:
    """The native scripts of Windows wheels by name; uv puts Python's there without a suffix."""
    return {path.stem: path for path in (packages / "bin").glob("iree-*.exe")}


def _others(candidate: TestableRelease) -> tuple[Platform, ...]:
    """The platforms that are not this machine's own."""
    platforms = candidate.plan.platforms
    own = own_platform(platforms)
    return tuple(platform for platform in platforms if platform.name != own)


def _untried(candidate: TestableRelease, platform: Platform, why: str) -> Iterator[Outcome]:
    wheels, dists = _wheels(candidate, platform), _dists(candidate, platform)
    yield Attempt(platform.name, "tools", None, "none", wheels).not_run(why)
    yield Attempt(platform.name, "dist", None, "none", dists).not_run(why)


def _planned(candidate: TestableRelease, platform: Platform) -> tuple[str, ...]:
    """File names of all that the plan has for a platform."""
    return _wheels(candidate, platform) + _dists(candidate, platform)


def _wheels(candidate: TestableRelease, platform: Platform) -> tuple[str, ...]:
    cells = (cell for cell in candidate.plan.cells if cell.platform == platform.name)
    return tuple(sorted({cell.wheel for cell in cells}))


def _dists(candidate: TestableRelease, platform: Platform) -> tuple[str, ...]:
    dists = (dist for dist in candidate.plan.dists if dist.platform == platform.name)
    return tuple(dist.archive for dist in dists)
