"""The smoke test of the wheels' native tools on emulated platforms."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from release.gate.smoke import installed, probes, smoke_program
from release.gate.smoke.environment import UV_PLATFORMS, ForeignPython, PinnedWheel
from release.gate.smoke.equipment import Equipment
from release.gate.smoke.errors import NotRunError, SmokeTestError
from release.gate.smoke.runnable import RunnableRelease
from release.gate.smoke.runner import EMULATED_TIMEOUT, Runner, check_programs
from release.gate.smoke.smoke_program import SmokeRequest
from release.gate.smoke.smoke_test import SmokeTest, step
from release.gate.smoke.wheel_file import WheelFile
from release.model.outcome import Outcome
from release.model.plan import Platform
from release.model.product import Package
from release.model.text import counted


def smoke_test_wheel_tools(
    release: RunnableRelease,
    equipment: Equipment,
    platform: Platform,
    python: str,
    scratch: Path,
    *,
    runner: Runner,
    engine: str,
    launchers: bool,
) -> Outcome:
    """Runs the native tools of the wheels for one Python.

    Args:
      release: the files that passed inspection.
      equipment: the installer.
      platform: an emulated platform of the plan.
      python: the minor version that selects the wheels; the plan has some with native tools.
      scratch: a directory with room for half a gigabyte.
      runner: starts the tools.
      engine: the name of the runner in the outcome.
      launchers: whether to run the native launchers of the wheels' scripts, too.
    """
    planned = release.planned_tools(platform.name, python)
    test = SmokeTest(platform.name, "tools", None, engine, tuple(planned.values()))
    product = release.plan.product
    try:
        wheels = release.pinned(planned)
        program = release.smoke_program()
    except NotRunError as error:
        return test.not_run(str(error))
    directory = scratch / "tools"
    installer = ForeignPython(equipment.uv, UV_PLATFORMS[platform.os], python)

    def steps() -> str:
        packages = directory / "packages"
        with step("installing"):
            directory.mkdir()
            installer.install(packages, wheels, None)
        with step("checking scripts"):
            scripts = installed.check_declared_scripts(product, wheels, platform.os)
        with step("running the tools"):
            declared = installed.packages_of(product, wheels)
            tools = _tools(packages, declared, platform.os)
            expected = probes.native_tools(declared, platform.os)
            if unknown := sorted(tools.keys() - expected.keys()):
                raise SmokeTestError(
                    f"{', '.join(unknown)}: not among the programs in products/{product.name}"
                )
            check_programs(tools, expected, runner, EMULATED_TIMEOUT)
        checked = counted(len(tools), "native tool")
        if launchers:
            with step("running the launchers"):
                launched = _launchers(packages, wheels)
                calls = {name: scripts[name] for name in launched}
                check_programs(launched, calls, runner, EMULATED_TIMEOUT)
            checked += f" and {counted(len(launched), 'launcher')}"
        request = SmokeRequest(
            product=product.name,
            version=release.plan.version,
            kind="tools",
            platform=platform,
            runner=runner,
            programs=tools,
            packages=packages,
            timeout=EMULATED_TIMEOUT,
        )
        with step("running the smoke program"):
            used = smoke_program.use(program, request, directory)
        return f"{checked} called; {used}"

    return test.run(steps, product.success)


def _tools(packages: Path, declared: Sequence[Package], system: str) -> Mapping[str, Path]:
    """The native tools of unpacked wheels, by name without the suffix on Windows.

    Programs that are not declared are found where declared ones are. A directory may have variants
    of programs that are declared for another one.
    """
    programs = [one for package in declared for one in package.programs if one.on(system)]
    suffix = ".exe" if system == "windows" else ""
    own = {
        one.name: packages / one.directory / f"{one.name}{suffix}"
        for one in programs
        if one.directory is not None
    }
    found = {
        path.name.removesuffix(suffix): path
        for directory in {path.parent for path in own.values()}
        for path in directory.glob(f"*{suffix}")
        if _is_program(path, system)
    }
    return {**found, **{name: path for name, path in own.items() if path.is_file()}}


def _is_program(path: Path, system: str) -> bool:
    """Whether a file beside native tools is one, too."""
    if system == "windows":
        return path.suffix == ".exe"
    return path.is_file() and not path.suffix and os.access(path, os.X_OK)


def _launchers(packages: Path, wheels: Sequence[PinnedWheel]) -> Mapping[str, Path]:
    """The native launchers of unpacked wheels for Windows, by name."""
    names = {name for wheel in wheels for name in WheelFile(wheel.path).native_scripts()}
    return {Path(name).stem: packages / "bin" / name for name in sorted(names)}
