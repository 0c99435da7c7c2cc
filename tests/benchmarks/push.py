"""What pushing a built set costs, beside `twine upload`.

    bazel run //tests/benchmarks:push -- [--runs N] [--json]

Both upload all wheels of the built set to a pypiserver of this machine, with the same credentials,
first when it is empty, then when it has all of them: ours asks what is there, twine sends it again
and, with --skip-existing, takes the refusal for good.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from tests.benchmarks.measure import BenchmarkError, cost_of
from tests.registry import servers
from tests.registry.servers import PASSWORD, USER, Place


@dataclass(frozen=True, slots=True)
class Result:
    """What one program took, medians of all runs."""

    program: str
    first: float
    """Seconds, onto an empty registry."""
    again: float
    """Seconds, onto one that has everything."""


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

    def ours(place: Place) -> list[str]:
        where = ["--registry", place.upload, "--index", place.index]
        return [*python, "release.publish", *where, "--from", str(release)]

    def twine(place: Place) -> list[str]:
        options = ["--non-interactive", "--skip-existing", "--disable-progress-bar"]
        return [*python, "twine", "upload", *options, "--repository-url", place.upload, *wheels]

    results = []
    with tempfile.TemporaryDirectory() as folder, servers.serve("pypiserver", Path(folder)) as one:
        for program, command in (("ours", ours), ("twine upload", twine)):
            first: list[float] = []
            again: list[float] = []
            for _ in range(runs):
                place = one.place()
                for seconds in (first, again):
                    cost = cost_of(
                        command(place), cwd=Path.cwd(), env=environment, log=Path(folder, "log")
                    )
                    seconds.append(cost.wall)
            results.append(Result(program, median(first), median(again)))
    return results


def main(argv: Sequence[str] | None = None) -> int:
    """Exit codes: 0 done, 1 a program failed, 2 bad usage."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=3, help="runs of each, for the median")
    parser.add_argument("--json", action="store_true", help="print JSON and nothing else")
    parser.add_argument("--release", type=Path, required=True, help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    if options.runs < 1:
        print(f"--runs {options.runs}: nothing would be measured.", file=sys.stderr)
        return 2
    try:
        ours, twine = benchmark(options.release.absolute().parent, options.runs)
    except BenchmarkError as error:
        print(error, file=sys.stderr)
        return 1
    if options.json:
        told = {"runs": options.runs, "programs": [asdict(ours), asdict(twine)]}
        print(json.dumps(told, indent=1))
        return 0
    for result in (ours, twine):
        for what, seconds, own in (
            ("first", result.first, ours.first),
            ("again", result.again, ours.again),
        ):
            print(f"{result.program:14} {what} {seconds:6.2f} s  {seconds / own:6.2f} times ours")
    return 0


if __name__ == "__main__":
    sys.exit(main())
