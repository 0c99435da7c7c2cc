"""Summarizes the last `bazel test` from the logs of its targets.

Prints the ten slowest targets, why test cases were skipped, the counts that tests report
(tests/tally.py), and on the last line the number of test cases by outcome.
"""

from __future__ import annotations

import json
import sys
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

_SLOWEST = 10
_TALLY = "tally.jsonl"


@dataclass(slots=True)
class Summary:
    """The results of a run."""

    outcomes: Counter[str] = field(default_factory=Counter)
    """Number of test cases by outcome: passed, failed, skipped."""
    skipped: list[str] = field(default_factory=list)
    """A message for each skipped test case."""
    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    """Duration of each target with all its shards; for cached targets, that of the original run."""
    tallies: Counter[str] = field(default_factory=Counter)
    """Counts that tests report, by kind."""


def summarize(logs: Path) -> Summary:
    """Reads all files below `bazel-testlogs`."""
    summary = Summary()
    for report in sorted(logs.rglob("test.xml")):
        target = _target(report.parent.relative_to(logs))
        for suite in ElementTree.parse(report).iter("testsuite"):
            summary.seconds[target] += float(suite.get("time", 0))
            for case in suite.iter("testcase"):
                _add_case(case, target, summary)
    for kind, number in _read_tallies(logs):
        summary.tallies[kind] += number
    return summary


def _target(directory: Path) -> str:
    """The label of the target whose logs, or whose shard's logs, are in a directory."""
    parts = [part for part in directory.parts if not part.startswith("shard_")]
    return f"//{'/'.join(parts[:-1])}:{parts[-1]}"


def _add_case(case: ElementTree.Element, target: str, summary: Summary) -> None:
    skipped = case.find("skipped")
    if case.find("failure") is not None or case.find("error") is not None:
        summary.outcomes["failed"] += 1
    elif skipped is not None:
        summary.outcomes["skipped"] += 1
        summary.skipped.append(f"{target}: {case.get('name')}: {skipped.get('message')}")
    else:
        summary.outcomes["passed"] += 1


def _read_tallies(logs: Path) -> Iterator[tuple[str, int]]:
    """Yields the kind and the number of each count that a test reported."""
    texts = [path.read_text() for path in logs.rglob(_TALLY)]
    for path in logs.rglob("outputs.zip"):
        with zipfile.ZipFile(path) as archive:
            texts += [archive.read(_TALLY).decode()] if _TALLY in archive.namelist() else []
    for line in "".join(texts).splitlines():
        tally = json.loads(line)
        yield tally["kind"], tally["number"]


def lines(summary: Summary) -> Iterator[str]:
    """Yields the lines to print."""
    yield f"the {_SLOWEST} slowest targets, in seconds:"
    slowest_first = sorted(summary.seconds.items(), key=lambda item: item[1], reverse=True)
    for target, seconds in slowest_first[:_SLOWEST]:
        yield f"{seconds:8.1f} {target}"
    for message in summary.skipped:
        yield f"not run: {message}"
    yield ", ".join(f"{number} {kind}" for kind, number in sorted(summary.tallies.items()))
    cases = summary.outcomes
    yield f"{cases['passed']} passed, {cases['failed']} failed, {cases['skipped']} skipped"


if __name__ == "__main__":
    print(*lines(summarize(Path(sys.argv[1]))), sep="\n")
