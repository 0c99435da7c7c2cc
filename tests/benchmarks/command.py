"""The command line of a benchmark of the built release."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from tests.benchmarks.measure import BenchmarkError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    Result = TypeVar("Result", bound=DataclassInstance)

BAD_USAGE = 2


def run(
    argv: Sequence[str] | None,
    description: str | None,
    benchmark: Callable[[argparse.Namespace], Sequence[Result]],
    lines: Callable[[Sequence[Result]], Iterable[str]],
    paths: Sequence[str] = (),
    runs: int = 3,
) -> int:
    """Runs a benchmark, and prints the results as text or as JSON.

    Args:
      argv: the arguments; those of the process by default.
      description: the docstring of the program; its first line is shown.
      benchmark: called with the options: `runs`, `release` (plan.json of the built release) and
        those of `paths`; raises BenchmarkError if a program fails.
      lines: formats results as lines of text.
      paths: additional options with paths, which Bazel passes.
      runs: default number of runs of each program.

    Returns:
      The exit code: 0 done, 1 a program failed, 2 bad usage.
    """
    parser = argparse.ArgumentParser(description=(description or "").splitlines()[0])
    parser.add_argument(
        "--runs", type=int, default=runs, help="Runs of each program [default: %(default)s]"
    )
    parser.add_argument("--json", action="store_true", help="Print JSON instead of text")
    for path in ("--release", *paths):
        parser.add_argument(path, type=Path, required=True, help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    if options.runs < 1:
        print(f"--runs {options.runs}: must be at least 1.", file=sys.stderr)
        return BAD_USAGE
    try:
        results = benchmark(options)
    except BenchmarkError as error:
        print(error, file=sys.stderr)
        return 1
    if options.json:
        report = {"runs": options.runs, "programs": [asdict(result) for result in results]}
        print(json.dumps(report, indent=1))
    else:
        print("\n".join(lines(results)))
    return 0
