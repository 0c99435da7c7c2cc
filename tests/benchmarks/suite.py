"""How long test targets take, beside another commit.

    bazel run //tests/benchmarks:suite -- [--base REV] [--runs N] [--json] TARGET...

A TARGET is a pattern such as //tests/release/faults/..., or OLD=NEW[,NEW...] where the other commit
calls OLD what this tree calls NEW. Each is tested in both trees by turns, by `bazelw test` on a
warm server with everything built, and no result of a test taken from a cache: what is measured is
the wall time of that command, the median of all runs. Nothing else should run on the machine."""

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
    """What is tested in each of the trees."""

    base: tuple[str, ...]
    this: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> Pair:
        """Reads TARGET, or OLD=NEW[,NEW...]."""
        old, _, new = text.partition("=")
        return cls((old,), tuple(new.split(",")) if new else (old,))


@dataclass(frozen=True, slots=True)
class Timing:
    """How long the targets of a pair take."""

    targets: str
    base: float
    """Wall seconds at the other commit."""
    this: float
    """Wall seconds in this tree."""

    @property
    def ratio(self) -> float:
        """How many times as fast this tree is."""
        return self.base / self.this


def timed(trees: Sequence[Tree], pair: Pair, runs: int) -> Timing:
    """Tests a pair in both trees by turns.

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
    """Times all pairs; returns the other commit's name, and the timings.

    Raises:
      BenchmarkError: there is no such commit, or a build or a test fails.
    """
    with two_trees.checked_out(workspace, base) as trees:
        try:
            return trees[0].name, [timed(trees, pair, runs) for pair in pairs]
        finally:
            for tree in trees:
                # Ends its server, and removes its output base from the user's cache.
                tree.bazel("clean", "--expunge")


def lines(name: str, timings: Sequence[Timing]) -> Iterator[str]:
    """The result for a person, as a table in Markdown."""
    yield f"| targets | {name} | this tree | ratio |"
    yield "|---|---|---|---|"
    for one in timings:
        yield f"| {one.targets} | {one.base:.0f} s | {one.this:.0f} s | {one.ratio:.1f} |"


def main(argv: Sequence[str] | None = None, environ: Mapping[str, str] = os.environ) -> int:
    """Exit codes: 0 done, 1 a build or a test failed, 2 bad usage."""
    parser = two_trees.arguments(__doc__, "of each target in each tree")
    parser.add_argument("targets", nargs="+", metavar="TARGET", type=Pair.parse)
    options = parser.parse_args(argv)

    def measure(workspace: Path) -> tuple[object, Sequence[str]]:
        name, timings = benchmark(workspace, options.base, options.targets, options.runs)
        result = {"base": name, "timings": [asdict(one) for one in timings]}
        return result, [*lines(name, timings)]

    return two_trees.answer(options, environ, measure)


if __name__ == "__main__":
    sys.exit(main())
