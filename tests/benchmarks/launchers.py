"""Measures the overhead of scripts: our launchers and upstream's scripts, compared with the tool.

    ./bazelw run //tests/benchmarks:launchers -- [--runs N] [--json]

Upstream's wheels and ours, which have the same tools, are installed in separate environments. The
three programs run alternately, under the same load. Goal: our launchers within 5 ms of the tool.
"""

from __future__ import annotations

import hashlib
import statistics
import sys
import tempfile
from argparse import Namespace
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import parse_wheel_filename

from release.gate.smoke.environment import Environment, PinnedWheel
from release.gate.smoke.errors import NotRunError, SmokeTestError
from release.gate.smoke.provided import ProvidedEquipment
from tests.benchmarks import command
from tests.benchmarks.measure import BenchmarkError, cost_of

PLATFORM, PYTHON = "linux_x86_64", "3.12"
GOAL_MILLISECONDS = 5.0
CALLS = {
    "iree-compile --version": "iree/compiler/_mlir_libs/iree-compile",
    "iree-run-module --help": "iree/_runtime_libs/iree-run-module",
}
"""The calls, and the path of their tool below site-packages."""


@dataclass(frozen=True, slots=True)
class Result:
    """The duration of a way to call a tool, as the median of all runs."""

    call: str
    way: str
    """tool, launcher or upstream."""
    milliseconds: float


def exact(wheel: Path) -> PinnedWheel:
    """A wheel, pinned to its digest."""
    with wheel.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return PinnedWheel(parse_wheel_filename(wheel.name)[0], wheel.absolute(), digest)


def installed(root: Path, wheels: Sequence[Path], equipment: ProvidedEquipment) -> Environment:
    """An environment with wheels and their dependencies.

    Raises:
      BenchmarkError: the environment cannot be created.
    """
    try:
        interpreter = equipment.interpreter(PYTHON)
    except NotRunError as error:
        raise BenchmarkError(f"not run: {error}") from error
    root.mkdir()
    try:
        environment = Environment.create(root, uv=equipment.uv, interpreter=interpreter.executable)
        lines = [exact(wheel) for wheel in wheels]
        environment.install(lines, equipment.requirements(PLATFORM, PYTHON)).expect()
    except SmokeTestError as error:
        raise BenchmarkError(str(error)) from error
    return environment


def benchmark(options: Namespace) -> list[Result]:
    """Measures each way to call each tool.

    Raises:
      BenchmarkError: an environment cannot be created, or a call fails.
    """
    equipment = ProvidedEquipment.from_environment()
    built = sorted((options.release.parent / "wheelhouse").glob("iree_*-cp312-abi3-*x86_64.whl"))
    built = [wheel for wheel in built if "linux" in wheel.name]
    with tempfile.TemporaryDirectory() as directory:
        scratch = Path(directory)
        ours = installed(scratch / "ours", built, equipment)
        theirs = installed(scratch / "theirs", [options.compiler, options.runtime], equipment)
        (site,) = ours.prefix.glob("lib/python*/site-packages")
        results = []
        for call, tool in CALLS.items():
            name, *arguments = call.split()
            ways = {
                "tool": site / tool,
                "launcher": ours.scripts / name,
                "upstream": theirs.scripts / name,
            }

            def once(program: Path, arguments: Sequence[str] = arguments) -> float:
                words = [str(program), *arguments]
                return cost_of(words, cwd=scratch, env={}, log=scratch / "log").wall

            for program in ways.values():
                once(program)  # reads files into the page cache, and compiles Python modules
            runs = [
                {way: once(program) for way, program in ways.items()} for _ in range(options.runs)
            ]
            results += [
                Result(call, way, 1000 * statistics.median(run[way] for run in runs))
                for way in ways
            ]
    return results


def lines(results: Sequence[Result]) -> Iterator[str]:
    """Formats the results as lines of text."""
    for call in CALLS:
        times = {result.way: result.milliseconds for result in results if result.call == call}
        for way, time in times.items():
            yield (
                f"{call}  {way:8} {time:7.1f} ms  {time - times['tool']:+7.1f} ms  "
                f"{time / times['launcher']:5.1f} times ours"
            )
    yield f"Goal: within {GOAL_MILLISECONDS:.0f} ms of the tool."


def main(argv: Sequence[str] | None = None) -> int:
    """Exit codes: 0 done, 1 a program failed, 2 bad usage."""
    return command.run(argv, __doc__, benchmark, lines, paths=["--compiler", "--runtime"], runs=21)


if __name__ == "__main__":
    sys.exit(main())
