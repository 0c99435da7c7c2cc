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
    """Measures, and prints the results for a person or a program.

    Args:
      argv: the arguments; those of the process when left out.
      description: of the program; its first line is shown.
      benchmark: is given the options: `runs`, `release` (plan.json of the built release) and those
        of `paths`; raises BenchmarkError when a program fails.
      lines: tells results to a person.
      paths: options that are paths, besides; Bazel gives them.
      runs: of each program, unless the command line says otherwise.

    Returns:
      The exit code: 0 done, 1 a program failed, 2 bad usage.
    """
    parser = argparse.ArgumentParser(description=(description or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=runs, help="runs of each, for the median")
    parser.add_argument("--json", action="store_true", help="print JSON and nothing else")
    for path in ("--release", *paths):
        parser.add_argument(path, type=Path, required=True, help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    if options.runs < 1:
        print(f"--runs {options.runs}: nothing would be measured.", file=sys.stderr)
        return BAD_USAGE
    try:
        results = benchmark(options)
    except BenchmarkError as error:
        print(error, file=sys.stderr)
        return 1
    if options.json:
        told = {"runs": options.runs, "programs": [asdict(result) for result in results]}
        print(json.dumps(told, indent=1))
    else:
        print("\n".join(lines(results)))
    return 0
