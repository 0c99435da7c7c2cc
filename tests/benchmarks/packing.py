"""Measures our packer, compared with `wheel pack`, `zipfile` and `cp`, on the same wheels.

    ./bazelw run //tests/benchmarks:packing -- [--runs N] [--only PATTERN] [--json]

Every packer runs as a separate process, ours exactly as in the build action, so the times include
the start of an interpreter; `start` is our packer without work. All read from the page cache and
write to the same disk. Goals are printed but not enforced, since the machine may be busy.
"""

from __future__ import annotations

import argparse
import filecmp
import fnmatch
import json
import os
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import reduce
from operator import add
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.benchmarks.measure import BenchmarkError, Cost, cost_of, median_cost

OURS, START, COPY, ZIPFILE, WHEEL_PACK = PACKERS = ("ours", "start", "cp", "zipfile", "wheel pack")
FASTER_THAN_WHEEL_PACK = 50
WITHIN_OF_COPY = 5
SMALL = 1 << 20
"""Size in bytes below which the start of the packer dominates, so goals do not apply."""
BAD_USAGE = 2
"""Exit code of our packer without a request."""
ZIPFILE_PACKER = Path(__file__).with_name("zipfile_packer.py").absolute()


@dataclass(frozen=True, slots=True)
class Job:
    """A wheel to pack, in the input formats of all packers."""

    request: Mapping[str, Any]
    """The request of the build action to our packer."""
    execution_root: Path
    """The directory that paths in the request are relative to."""
    wheel: Path
    """The built wheel."""
    tree: Path
    """The unpacked wheel."""
    output: Path
    """A directory beside the tree, emptied before each run."""

    def command(self, packer: str, tool: Path) -> list[str]:
        """The command of a packer for this wheel."""
        if packer == COPY:
            return ["cp", str(self.wheel), str(self.output)]
        if packer == ZIPFILE:
            archive = str(self.output / self.wheel.name)
            return [sys.executable, str(ZIPFILE_PACKER), str(self.tree), archive]
        if packer == WHEEL_PACK:
            pack = [sys.executable, "-m", "wheel", "pack"]
            return [*pack, str(self.tree), "--dest-dir", str(self.output)]
        if packer == START:
            return [str(tool)]
        request = self.output / "request.json"
        moved = {**self.request, "output": str(self.output / self.wheel.name)}
        request.write_text(json.dumps(moved), encoding="utf-8")
        return [str(tool), str(request)]


@dataclass(frozen=True, slots=True)
class Result:
    """The costs of each packer for a wheel, or for all wheels."""

    name: str
    size: int
    """Size of the wheels in bytes."""
    costs: Mapping[str, Cost]

    @property
    def work(self) -> float:
        """Wall time of our packer without its start, in seconds, and at least 0.001."""
        return max(self.costs[OURS].wall - self.costs[START].wall, 0.001)

    def times(self, packer: str, *, started: bool = False) -> float:
        """Ratio of a packer's wall time to ours, or to ours without its start."""
        return self.costs[packer].wall / (self.work if started else self.costs[OURS].wall)


def read_job(request: Path, scratch: Path) -> Job:
    """Prepares a wheel whose request is in Bazel's output tree."""
    execution_root = Path(str(request.resolve()).partition("/bazel-out/")[0])
    content = json.loads(request.read_bytes())
    wheel = execution_root / content["output"]
    directory = scratch / wheel.name
    tree = directory / "tree"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tree)
    return Job(content, execution_root, wheel, tree, directory / "output")


def measure(job: Job, packer: str, tool: Path, runs: int) -> Cost:
    """The median cost of packing a wheel with a packer.

    Raises:
      BenchmarkError: the packer fails, or our packer's wheel differs from the build's.
    """
    env = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"}
    if packer == WHEEL_PACK:
        env["PYTHONPATH"] = os.pathsep.join(sys.path)

    def run() -> Cost:
        shutil.rmtree(job.output, ignore_errors=True)
        job.output.mkdir()
        command = job.command(packer, tool)
        log = job.output.with_name("log")
        exit_code = BAD_USAGE if packer == START else 0
        cost = cost_of(command, cwd=job.execution_root, env=env, log=log, exit_code=exit_code)
        if packer == OURS and not filecmp.cmp(
            job.output / job.wheel.name, job.wheel, shallow=False
        ):
            raise BenchmarkError(f"{job.wheel.name}: packed again, it differs from the built wheel")
        return cost

    return median_cost(run, runs)


def total(results: Sequence[Result]) -> Result:
    """The sum of the results of all wheels."""
    return Result(
        "all",
        sum(result.size for result in results),
        {packer: reduce(add, (result.costs[packer] for result in results)) for packer in PACKERS},
    )


def table(results: Sequence[Result]) -> Table:
    """A table with the wall and CPU time of each packer, and its ratio to ours."""
    shown = Table("wheel", "packer", title="medians in seconds")
    for heading in ("wall", "CPU", "wall, ours = 1"):
        shown.add_column(heading, justify="right")
    for result in results:
        for packer in PACKERS:
            cost = result.costs[packer]
            shown.add_row(
                f"{result.name}\n{result.size / 1e6:.1f} MB" if packer == OURS else "",
                packer,
                f"{cost.wall:.3f}",
                f"{cost.cpu:.3f}",
                f"{result.times(packer):.2f}",
                end_section=packer == PACKERS[-1],
            )
    return shown


def goals(results: Sequence[Result]) -> Iterator[str]:
    """Yields a line for each goal, with the wheel that is closest to missing it."""
    large = [result for result in results if result.size >= SMALL]
    if not large:
        return
    slow = min(large, key=lambda result: result.times(WHEEL_PACK))
    yield (
        f"Goal: {FASTER_THAN_WHEEL_PACK} times as fast as wheel pack. "
        f"Minimum: {slow.times(WHEEL_PACK):.0f} times, "
        f"{slow.times(WHEEL_PACK, started=True):.0f} times without the start, for {slow.name}."
    )
    far = min(large, key=lambda result: result.times(COPY))
    yield (
        f"Goal: at most {WITHIN_OF_COPY} times the time of cp. "
        f"Maximum: {1 / far.times(COPY):.1f} times, "
        f"{1 / far.times(COPY, started=True):.1f} times without the start, for {far.name}."
    )


def as_json(results: Sequence[Result], runs: int) -> str:
    """The results as JSON."""
    return json.dumps({"runs": runs, "wheels": [asdict(result) for result in results]}, indent=1)


def benchmark(requests: Sequence[Path], tool: Path, runs: int, console: Console) -> list[Result]:
    """Measures every packer on every wheel.

    Raises:
      BenchmarkError: a packer fails.
    """
    results = []
    for request in requests:
        # Beside the inputs, since the kernel cannot copy files across file systems.
        with tempfile.TemporaryDirectory(dir=request.resolve().parent) as scratch:
            job = read_job(request, Path(scratch))
            costs = {}
            for packer in PACKERS:
                console.print(f"{job.wheel.name}: {packer}, {runs} runs", style="dim")
                costs[packer] = measure(job, packer, tool, runs)
            results.append(Result(job.wheel.name, job.wheel.stat().st_size, costs))
    return results


def main(argv: Sequence[str] | None = None) -> int:
    """Exit codes: 0 done, 1 a packer failed, 2 bad usage."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--runs", type=int, default=3, help="Runs of each packer [default: %(default)s]"
    )
    parser.add_argument(
        "--only", default="*", metavar="PATTERN", help="Pattern of wheel file names [default: all]"
    )
    parser.add_argument("--json", action="store_true", help="Print JSON instead of text")
    parser.add_argument("--tool", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--requests", type=Path, nargs="+", required=True, help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    requests = [path for path in options.requests if fnmatch.fnmatch(path.name, options.only)]
    progress = Console(stderr=True, quiet=options.json)
    if options.runs < 1:
        print(f"--runs {options.runs}: must be at least 1.", file=sys.stderr)
        return 2
    if not requests:
        print(f"--only {options.only}: no wheel matches.", file=sys.stderr)
        return 2
    try:
        results = benchmark(requests, options.tool.absolute(), options.runs, progress)
    except BenchmarkError as error:
        print(error, file=sys.stderr)
        return 1
    if len(results) > 1:
        results.append(total(results))
    if options.json:
        print(as_json(results, options.runs))
        return 0
    out = Console(width=None if sys.stdout.isatty() else 120)
    out.print(table(results))
    for goal in goals(results):
        out.print(goal, highlight=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
