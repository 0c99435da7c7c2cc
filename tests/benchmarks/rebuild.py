"""Measures how long a new version takes: rebuilds the release with only the version changed.

    ./bazelw run //tests/benchmarks:rebuild -- [--runs N] [--json]

Builds the targets once, so that the payload and the compressed files exist, then again for versions
that are not in any cache. The time is that of the complete command, including analysis. Goals on
two cores: 10 s for all wheels, 20 s for all dists.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks.measure import BenchmarkError, cost_of

GOALS = {"//packaging:all_wheels": 10.0, "//packaging:all_dists": 20.0}
"""Seconds by target."""


def rebuild(workspace: Path, target: str, runs: int) -> list[float]:
    """Wall times of building a target for new versions, in seconds.

    Raises:
      BenchmarkError: a build fails.
    """
    with tempfile.TemporaryDirectory() as scratch:
        log = Path(scratch, "log")

        def build(*flags: str) -> float:
            command = [str(workspace / "bazelw"), "build", target, *flags]
            return cost_of(command, cwd=workspace, env=os.environ, log=log).wall

        build()
        # Versions from the current time are not in any cache, including shared ones.
        first = int(time.time())
        return [build(f"--//packaging:version=0.dev{first + run}") for run in range(runs)]


def main(argv: Sequence[str] | None = None) -> int:
    """Exit codes: 0 done, 1 a build failed, 2 bad usage."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--runs", type=int, default=3, help="Number of new versions [default: %(default)s]"
    )
    parser.add_argument("--json", action="store_true", help="Print JSON instead of text")
    options = parser.parse_args(argv)
    workspace = os.environ.get("BUILD_WORKSPACE_DIRECTORY")
    if options.runs < 1 or workspace is None:
        problem = (
            "BUILD_WORKSPACE_DIRECTORY is not set; run this with `./bazelw run`"
            if workspace is None
            else f"--runs {options.runs}: must be at least 1"
        )
        print(f"{problem}.", file=sys.stderr)
        return 2
    try:
        seconds = {target: rebuild(Path(workspace), target, options.runs) for target in GOALS}
    except BenchmarkError as error:
        print(error, file=sys.stderr)
        return 1
    if options.json:
        print(json.dumps(seconds, indent=1))
        return 0
    for target, walls in seconds.items():
        each = ", ".join(f"{wall:.1f}" for wall in walls)
        median = statistics.median(walls)
        print(f"{target}: {median:.1f} s for a new version ({each}); goal {GOALS[target]:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
