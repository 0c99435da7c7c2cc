"""Measures how long test targets take, compared with another commit.

    ./bazelw run //tests/benchmarks:suite -- [--base REV] [--runs N] [--json] TARGET...

A TARGET is a pattern such as //tests/release/faults/..., or OLD=NEW[,NEW...] if a target was
renamed since the other commit. Measures the wall time of `bazelw test`, alternately in both trees,
on a warm server with all targets built and without cached test results; prints the median of all
runs. Do not run anything else on the machine.
"""

from __future__ import annotations

import os
import statistics
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.benchmarks import two_trees
from tests.benchmarks.two_trees import Tree


@dataclass(frozen=True, slots=True)
class Pair:
    """The targets to test in each tree."""

    base: tuple[str, ...]
    this: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> Pair:
        """Parses TARGET or OLD=NEW[,NEW...]."""
        old, _, new = text.partition("=")
        return cls((old,), tuple(new.split(",")) if new else (old,))


@dataclass(frozen=True, slots=True)
class Timing:
    """The durations of a pair of targets."""

    targets: str
    base: float
    """Wall time at the other commit, in seconds."""
    this: float
    """Wall time in this tree, in seconds."""

    @property
    def ratio(self) -> float:
        """The speedup of this tree."""
        return self.base / self.this


def timed(trees: Sequence[Tree], pair: Pair, runs: int) -> Timing:
    """Tests a pair alternately in both trees.

    Raises:
      BenchmarkError: a test fails.
    """
    sides = list(zip(trees, (pair.base, pair.this), strict=True))
    for tree, targets in sides:
        tree.bazel("build", "--", *targets)
    walls: dict[str, list[float]] = {tree.name: [] for tree in trees}
    for _ in range(runs):
        for tree, targets in sides:
            cost = tree.bazel("test", "--nocache_test_results", "--", *targets)
            walls[tree.name].append(cost.wall)
    base, this = (statistics.median(walls[tree.name]) for tree in trees)
    return Timing(" ".join(pair.this), base, this)


def benchmark(
    workspace: Path, base: str, pairs: Sequence[Pair], runs: int
) -> tuple[str, list[Timing]]:
    """Times all pairs; returns the name of the other commit, and the timings.

    Raises:
      BenchmarkError: the commit does not exist, or a build or a test fails.
    """
    with two_trees.checked_out(workspace, base) as trees:
        try:
            return trees[0].name, [timed(trees, pair, runs) for pair in pairs]
        finally:
            for tree in trees:
                # Stops the server, and removes its output base from the user's cache.
                tree.bazel("clean", "--expunge")


def lines(name: str, timings: Sequence[Timing]) -> Iterator[str]:
    """Formats the results as a Markdown table."""
    yield f"| targets | {name} | this tree | ratio |"
    yield "|---|---|---|---|"
    for timing in timings:
        base, this = f"{timing.base:.0f} s", f"{timing.this:.0f} s"
        yield f"| {timing.targets} | {base} | {this} | {timing.ratio:.1f} |"


def main(argv: Sequence[str] | None = None, environ: Mapping[str, str] = os.environ) -> int:
    """Exit codes: 0 done, 1 a build or a test failed, 2 bad usage."""
    parser = two_trees.arguments(__doc__, "Runs of each target in each tree [default: %(default)s]")
    parser.add_argument(
        "targets",
        nargs="+",
        metavar="TARGET",
        type=Pair.parse,
        help="Target pattern, or OLD=NEW[,NEW...] for a renamed target",
    )
    options = parser.parse_args(argv)

    def measure(workspace: Path) -> tuple[object, Sequence[str]]:
        name, timings = benchmark(workspace, options.base, options.targets, options.runs)
        result = {"base": name, "timings": [asdict(timing) for timing in timings]}
        return result, [*lines(name, timings)]

    return two_trees.run(options, environ, measure)


if __name__ == "__main__":
    sys.exit(main())
