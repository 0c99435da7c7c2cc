"""What the gate's static checks cost, beside the tools that check single wheels.

    bazel run //tests/benchmarks:gate -- [--runs N] [--json]

The whole built set is inspected by //release:validate, without running it; `twine check` reads all
of its wheels, `auditwheel show` those for Linux, one after the other, as their users do. Goals on
two cores: 30 s for the whole set, 1.5 GB of memory, all processes together.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks import command
from tests.benchmarks.measure import cost_of
from toolchains import child_python

GOAL_SECONDS = 30.0
GOAL_BYTES = 1.5e9
_SAMPLE = 0.05  # seconds between two looks at memory


@dataclass(frozen=True, slots=True)
class Result:
    """What one program took, the median of all runs."""

    program: str
    files: int
    """How many files it read."""
    seconds: float
    """By the clock."""
    peak: float
    """Most bytes of memory at one moment, all its processes together."""


@contextmanager
def watched() -> Iterator[list[int]]:
    """Yields a list of one number: the most memory that children of this process had so far."""
    peak = [0]
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(_SAMPLE):
            peak[0] = max(peak[0], sum(map(resident, descendants(os.getpid()))))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield peak
    finally:
        ended.set()
        thread.join()


def descendants(process: int) -> list[int]:
    """The processes that a process has started, and those that they have."""
    found = []
    for task in Path(f"/proc/{process}/task").glob("*/children"):
        try:
            children = [int(child) for child in task.read_text().split()]
        except OSError:
            continue
        for child in children:
            found += [child, *descendants(child)]
    return found


def resident(process: int) -> int:
    """Bytes of memory that a process has; what it shares with others counts for each."""
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def measure(program: str, files: int, command: Sequence[str], runs: int) -> Result:
    """Runs a command several times.

    Raises:
      BenchmarkError: it fails.
    """
    seconds, peaks = [], []
    with tempfile.TemporaryDirectory() as directory:
        for _ in range(runs):
            with watched() as peak:
                cost = cost_of(
                    command,
                    cwd=Path.cwd(),
                    env=child_python.environment(),
                    log=Path(directory, "log"),
                )
            seconds.append(cost.wall)
            peaks.append(peak[0])
    return Result(program, files, statistics.median(seconds), statistics.median(peaks))


def benchmark(release: Path, runs: int) -> list[Result]:
    """Measures the gate and the others on a built release.

    Raises:
      BenchmarkError: one of them fails.
    """
    wheels = sorted((release / "wheelhouse").glob("*.whl"))
    dists = sorted((release / "dists").iterdir())
    python = [sys.executable, "-S", "-m"]
    with tempfile.TemporaryDirectory() as output:
        gate = [*python, "release.cli.validate", str(release), "--no-run", "--output", output]
        results = [measure("the gate, whole set", len(wheels) + len(dists), gate, runs)]
    check = [*python, "twine", "check", *map(str, wheels)]
    results.append(measure("twine check", len(wheels), check, runs))
    linux = [str(wheel) for wheel in wheels if "manylinux" in wheel.name]
    shown = [measure("auditwheel show", 1, [*python, "auditwheel", "show", w], 1) for w in linux]
    seconds, peak = sum(r.seconds for r in shown), max(r.peak for r in shown)
    return [*results, Result("auditwheel show", len(linux), seconds, peak)]


def lines(results: Sequence[Result]) -> Iterator[str]:
    """What a person is told."""
    gate = results[0]
    for result in results:
        yield (
            f"{result.program}: {result.files} files, {result.seconds:.1f} s "
            f"({result.seconds / gate.seconds:.1f} times the gate), {result.peak / 1e6:.0f} MB"
        )
    yield f"goals: {GOAL_SECONDS:.0f} s and {GOAL_BYTES / 1e6:.0f} MB for the whole set"


def main(argv: Sequence[str] | None = None) -> int:
    """Exit codes: 0 done, 1 a program failed, 2 bad usage."""
    return command.run(
        argv,
        __doc__,
        lambda options: benchmark(options.release.absolute().parent, options.runs),
        lines,
    )


if __name__ == "__main__":
    sys.exit(main())
