"""What a script costs before its tool runs: our launchers, upstream's scripts, the tool itself.

    bazel run //tests/benchmarks:launchers -- [--runs N] [--json]

Upstream's wheels and ours, which hold the same tools, are installed in an environment each. The
runs of the three take turns, so that all see the same machine. Goal: ours within 5 ms of the tool.
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

from release.gate.smoke.candidate import NotRunError
from release.gate.smoke.environment import Environment, ExactWheel
from release.gate.smoke.process import SmokeTestError
from release.gate.smoke.provided import ProvidedEquipment
from tests.benchmarks import command
from tests.benchmarks.measure import BenchmarkError, cost_of

PLATFORM, PYTHON = "linux_x86_64", "3.12"
GOAL_MILLISECONDS = 5.0
CALLS = {
    "iree-compile --version": "iree/compiler/_mlir_libs/iree-compile",
    "iree-run-module --help": "iree/_runtime_libs/iree-run-module",
}
"""What is called, and the tool that answers, below site-packages."""


@dataclass(frozen=True, slots=True)
class Result:
    """What one way to call a tool took, the median of all runs."""

    call: str
    way: str
    """tool, launcher or upstream."""
    milliseconds: float


def exact(wheel: Path) -> ExactWheel:
    """A wheel, with the digest it has."""
    with wheel.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return ExactWheel(parse_wheel_filename(wheel.name)[0], wheel.absolute(), digest)


def installed(root: Path, wheels: Sequence[Path], equipment: ProvidedEquipment) -> Environment:
    """An environment with wheels in it, and what they require.

    Raises:
      BenchmarkError: it cannot be made.
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
      BenchmarkError: an environment cannot be made, or a call fails.
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
                once(program)  # a first run reads the files, and compiles Python
            runs = [
                {way: once(program) for way, program in ways.items()} for _ in range(options.runs)
            ]
            results += [
                Result(call, way, 1000 * statistics.median(run[way] for run in runs))
                for way in ways
            ]
    return results


def lines(results: Sequence[Result]) -> Iterator[str]:
    """What a person is told."""
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
