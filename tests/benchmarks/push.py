"""What pushing a built set costs, beside `twine upload`.

    bazel run //tests/benchmarks:push -- [--runs N] [--json]

Both upload all wheels of the built set to an empty pypiserver of this machine, with the same
credentials. Then ours is run again, when all of them are there; twine cannot be: for a registry
such as this it has no --skip-existing.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.benchmarks import command
from tests.benchmarks.measure import cost_of
from tests.servers.registry import servers
from tests.servers.registry.servers import PASSWORD, USER


@dataclass(frozen=True, slots=True)
class Result:
    """What one program took, the median of all runs."""

    program: str
    seconds: float
    """By the clock."""


def benchmark(release: Path, runs: int) -> list[Result]:
    """Measures ours and twine.

    Raises:
      BenchmarkError: one of them fails.
    """
    wheels = [str(path.resolve()) for path in sorted((release / "wheelhouse").glob("*.whl"))]
    python = [sys.executable, "-m"]
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(sys.path),
        "TWINE_USERNAME": USER,
        "TWINE_PASSWORD": PASSWORD,
        "BUILD_WORKING_DIRECTORY": str(Path.cwd()),
    }
    with (
        tempfile.TemporaryDirectory() as directory,
        servers.serve("pypiserver", Path(directory)) as one,
    ):

        def seconds(command: Sequence[str]) -> float:
            log = Path(directory, "log")
            return cost_of(command, cwd=Path.cwd(), env=environment, log=log).wall

        taken: dict[str, list[float]] = {"ours": [], "ours, again": [], "twine upload": []}
        for _ in range(runs):
            place = one.place()
            where = ["--registry", place.upload, "--index", place.index]
            ours = [*python, "release.cli.push", *where, "--from", str(release)]
            taken["ours"].append(seconds(ours))
            taken["ours, again"].append(seconds(ours))
            place = one.place()
            options = ["--non-interactive", "--disable-progress-bar"]
            twine = [*python, "twine", "upload", *options, "--repository-url", place.upload]
            taken["twine upload"].append(seconds([*twine, *wheels]))
    return [Result(program, median(each)) for program, each in taken.items()]


def lines(results: Sequence[Result]) -> Iterator[str]:
    """What a person is told."""
    ours = results[0].seconds
    for result in results:
        times = result.seconds / ours
        yield f"{result.program:14} {result.seconds:6.2f} s  {times:5.2f} times ours"


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
