"""Measures a change of a built release's version, compared with unpacking and packing its wheels.

    ./bazelw run //tests/benchmarks:promotion -- [--runs N] [--json]

Our tool, which `promote` calls, changes wheels and dists in one call, including METADATA, version
modules and pins. `wheel unpack` and `wheel pack` for each wheel are the steps of a manual change,
without the edits; `cp` copies the wheels, which is a lower bound. Goal: seconds, not minutes.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from pathlib import Path

from release.model import plan
from tests.benchmarks import command
from tests.benchmarks.measure import Cost, cost_of, median_cost

VERSION = "99.0.0"
GOAL_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Result:
    """The costs of a program, as the median of all runs."""

    program: str
    files: int
    """Number of files that it wrote."""
    cost: Cost


def benchmark(planned: Path, tool: Path, runs: int) -> list[Result]:
    """Measures our tool and the others with a built release.

    Raises:
      BenchmarkError: one of them fails.
    """
    release = planned.parent
    wheels = sorted((release / "wheelhouse").glob("*.whl"))
    dists = sorted((release / "dists").iterdir())
    former = plan.read(planned)
    # Beside the release, since the kernel cannot copy files across file systems.
    with tempfile.TemporaryDirectory(dir=planned.resolve().parent) as directory:
        scratch = Path(directory)
        request = scratch / "request.json"
        content = {
            "former": former.version,
            "version": VERSION,
            "siblings": sorted(package.name for package in former.packages),
            "version_modules": [
                module.path for package in former.packages for module in package.version_modules
            ],
            "texts": [
                {"path": file.path, "pattern": file.pattern, "numeric": file.numeric}
                for file in (former.product.dist.versions if former.product.dist else ())
            ],
            "files": [
                {
                    "source": str(path.resolve()),
                    "output": str(scratch / "out" / path.name.replace(former.version, VERSION)),
                }
                for path in (*wheels, *dists)
            ],
            "report": str(scratch / "report.json"),
        }
        request.write_text(json.dumps(content), encoding="utf-8")
        plain = {"PATH": os.environ["PATH"]}
        with_wheel = {**plain, "PYTHONPATH": os.pathsep.join(sys.path)}

        def measured(commands: Sequence[Sequence[str]], env: Mapping[str, str]) -> Cost:
            def run() -> Cost:
                shutil.rmtree(scratch / "out", ignore_errors=True)
                (scratch / "out").mkdir()
                return reduce(
                    add,
                    (
                        cost_of(command, cwd=scratch, env=env, log=scratch / "log")
                        for command in commands
                    ),
                )

            return median_cost(run, runs)

        python = [sys.executable, "-m", "wheel"]
        repacked = []
        for wheel in wheels:
            tree = "-".join(wheel.name.split("-")[:2])
            repacked.append(
                [*python, "unpack", "--dest", f"out/{wheel.stem}", str(wheel.resolve())]
            )
            repacked.append([*python, "pack", "--dest-dir", "out", f"out/{wheel.stem}/{tree}"])
        copied = [["cp", "-L", *map(str, (wheel.resolve() for wheel in wheels)), "out"]]
        return [
            Result(
                "ours, wheels and dists",
                len(wheels) + len(dists),
                measured([[str(tool), str(request)]], plain),
            ),
            Result("wheel unpack, wheel pack", len(wheels), measured(repacked, with_wheel)),
            Result("cp", len(wheels), measured(copied, plain)),
        ]


def lines(results: Sequence[Result]) -> Iterator[str]:
    """Formats the results as lines of text."""
    ours = results[0].cost.wall
    for result in results:
        yield (
            f"{result.program:26} {result.files:3} files  {result.cost.wall:7.2f} s, CPU "
            f"{result.cost.cpu:7.2f} s  {result.cost.wall / ours:6.2f} times ours"
        )
    yield f"Goal: {GOAL_SECONDS:.0f} s."


def main(argv: Sequence[str] | None = None) -> int:
    """Exit codes: 0 done, 1 a program failed, 2 bad usage."""
    return command.run(
        argv,
        __doc__,
        lambda options: benchmark(
            options.release.absolute(), options.tool.absolute(), options.runs
        ),
        lines,
        paths=["--tool"],
    )


if __name__ == "__main__":
    sys.exit(main())
