"""Measures pushing a built release, compared with `twine upload`.

    ./bazelw run //tests/benchmarks:push -- [--runs N] [--json]

Both upload all wheels of the release to an empty local pypiserver, with the same credentials. Then
our command runs again with all wheels uploaded; twine cannot, since it does not support
--skip-existing for such a registry.
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
    """The duration of a program, as the median of all runs."""

    program: str
    seconds: float
    """Wall time."""


def benchmark(release: Path, runs: int) -> list[Result]:
    """Measures our command and twine.

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
            place = one.empty_registry()
            where = ["--registry", place.upload, "--index", place.index]
            ours = [*python, "release.cli.push", *where, "--from", str(release)]
            taken["ours"].append(seconds(ours))
            taken["ours, again"].append(seconds(ours))
            place = one.empty_registry()
            options = ["--non-interactive", "--disable-progress-bar"]
            twine = [*python, "twine", "upload", *options, "--repository-url", place.upload]
            taken["twine upload"].append(seconds([*twine, *wheels]))
    return [Result(program, median(each)) for program, each in taken.items()]


def lines(results: Sequence[Result]) -> Iterator[str]:
    """Formats the results as lines of text."""
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
