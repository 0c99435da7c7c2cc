"""The smoke test of the wheels' native tools on emulated platforms."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from release.gate.smoke.environment import UV_PLATFORMS, ForeignPython
from release.gate.smoke.equipment import Equipment
from release.gate.smoke.errors import NotRunError
from release.gate.smoke.probes import dist_tools, launched_tools
from release.gate.smoke.runnable import RunnableRelease
from release.gate.smoke.runner import EMULATED_TIMEOUT, Runner
from release.gate.smoke.smoke_test import SmokeTest, step
from release.gate.smoke.tool_runs import check_tools, compile_and_run
from release.model.outcome import Outcome
from release.model.plan import Platform

_TOOLS = ("iree/compiler/_mlir_libs", "iree/_runtime_libs")
_CAPTURE = "iree/_runtime_libs_tracy"


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
      python: the minor version that selects the wheels.
      scratch: a directory with room for half a gigabyte.
      runner: starts the tools.
      engine: the name of the runner in the outcome.
      launchers: whether to run the native launchers of the wheels' scripts, too.
    """
    planned = tuple(release.planned(platform.name, python, pure=False).values())
    test = SmokeTest(platform.name, "tools", None, engine, planned)
    try:
        wheels = release.native_wheels(platform.name, python)
    except NotRunError as error:
        return test.not_run(str(error))
    packages, modules = scratch / "tools", scratch / "tools-modules"
    installer = ForeignPython(equipment.uv, UV_PLATFORMS[platform.os], python)

    def steps() -> str:
        with step("installing"):
            installer.install(packages, wheels, None)
        with step("running the tools"):
            tools = _tools_of_wheels(packages, platform.os)
            check_tools(tools, dist_tools(platform.os), runner, EMULATED_TIMEOUT)
        checked = f"{len(tools)} native tools"
        if launchers:
            with step("running the launchers"):
                launched = _launchers_of_wheels(packages)
                check_tools(launched, launched_tools(platform.os), runner, EMULATED_TIMEOUT)
            checked += f" and {len(launched)} launchers"
        modules.mkdir()
        models = compile_and_run(
            tools["iree-compile"],
            tools["iree-run-module"],
            modules,
            runner,
            timeout=EMULATED_TIMEOUT,
        )
        return f"{checked} work; {models} compiled models give correct results"

    return test.run(steps)


def _tools_of_wheels(packages: Path, os: str) -> Mapping[str, Path]:
    """The native programs of installed wheels, by name without the suffix on Windows."""
    suffix = ".exe" if os == "windows" else ""
    found = [path for place in _TOOLS for path in (packages / place).glob(f"iree-*{suffix}")]
    found += (packages / _CAPTURE).glob(f"iree-tracy-capture{suffix}")
    return {path.name.removesuffix(suffix): path for path in found}


def _launchers_of_wheels(packages: Path) -> Mapping[str, Path]:
    """The native launchers of Windows wheels, by name; uv adds Python scripts without a suffix."""
    return {path.stem: path for path in (packages / "bin").glob("iree-*.exe")}
