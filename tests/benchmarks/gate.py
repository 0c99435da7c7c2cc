"""Measures the gate's static checks, compared with tools that check single wheels.

    ./bazelw run //tests/benchmarks:gate -- [--runs N] [--json]

//release:validate inspects the complete release without smoke tests; `twine check` reads all of its
wheels, and `auditwheel show` those for Linux, one after the other. Goals on two cores: 30 s for the
complete release, and 1.5 GB of memory for all processes together.
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
_SAMPLE = 0.05  # seconds between two samples of memory


@dataclass(frozen=True, slots=True)
class Result:
    """The costs of a program, as the median of all runs."""

    program: str
    files: int
    """Number of files that it read."""
    seconds: float
    """Wall time."""
    peak: float
    """Peak memory of all its processes together, in bytes."""


@contextmanager
def watched() -> Iterator[list[int]]:
    """Yields a list with one number: the peak memory of this process's children so far."""
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
    """The IDs of a process's children, their children and so on."""
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
    """Resident memory of a process in bytes; shared memory counts for each process."""
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
    """Measures the gate and the other tools with a built release.

    Raises:
      BenchmarkError: one of them fails.
    """
    wheels = sorted((release / "wheelhouse").glob("*.whl"))
    dists = sorted((release / "dists").iterdir())
    python = [sys.executable, "-S", "-m"]
    with tempfile.TemporaryDirectory() as output:
        gate = [*python, "release.cli.validate", str(release), "--no-run", "--output", output]
        results = [measure("the gate, complete release", len(wheels) + len(dists), gate, runs)]
    check = [*python, "twine", "check", *map(str, wheels)]
    results.append(measure("twine check", len(wheels), check, runs))
    linux = [str(wheel) for wheel in wheels if "manylinux" in wheel.name]
    shown = [measure("auditwheel show", 1, [*python, "auditwheel", "show", w], 1) for w in linux]
    seconds, peak = sum(r.seconds for r in shown), max(r.peak for r in shown)
    return [*results, Result("auditwheel show", len(linux), seconds, peak)]


def lines(results: Sequence[Result]) -> Iterator[str]:
    """Formats the results as lines of text."""
    gate = results[0]
    for result in results:
        yield (
            f"{result.program}: {result.files} files, {result.seconds:.1f} s "
            f"({result.seconds / gate.seconds:.1f} times the gate), {result.peak / 1e6:.0f} MB"
        )
    yield f"goals: {GOAL_SECONDS:.0f} s and {GOAL_BYTES / 1e6:.0f} MB for the complete release"


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
