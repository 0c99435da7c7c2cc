"""Sums up the last `bazel test` from what its targets left: the slowest, and how much was tried.

Prints the ten targets that took longest, why cases were not run, the numbers of faults that tests
count (tests/tally.py), and on the last line the cases.
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
class Sum:
    """What came of a run."""

    outcomes: Counter[str] = field(default_factory=Counter)
    """Cases by outcome: passed, failed, skipped."""
    not_run: list[str] = field(default_factory=list)
    """A sentence for each case that was skipped."""
    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    """How long each target took, all its shards together; of one from a cache, when it ran."""
    tallies: Counter[str] = field(default_factory=Counter)
    """What tests counted, by kind."""


def sum_up(logs: Path) -> Sum:
    """Reads everything below `bazel-testlogs`."""
    found = Sum()
    for report in sorted(logs.rglob("test.xml")):
        target = _target(report.parent.relative_to(logs))
        for suite in ElementTree.parse(report).iter("testsuite"):
            found.seconds[target] += float(suite.get("time", 0))
            for case in suite.iter("testcase"):
                _add_case(case, target, found)
    for kind, number in _tallied(logs):
        found.tallies[kind] += number
    return found


def _target(directory: Path) -> str:
    """The label of the target whose logs are in a directory, or whose shard's are."""
    parts = [part for part in directory.parts if not part.startswith("shard_")]
    return f"//{'/'.join(parts[:-1])}:{parts[-1]}"


def _add_case(case: ElementTree.Element, target: str, found: Sum) -> None:
    skipped = case.find("skipped")
    if case.find("failure") is not None or case.find("error") is not None:
        found.outcomes["failed"] += 1
    elif skipped is not None:
        found.outcomes["skipped"] += 1
        found.not_run.append(f"{target}: {case.get('name')}: {skipped.get('message')}")
    else:
        found.outcomes["passed"] += 1


def _tallied(logs: Path) -> Iterator[tuple[str, int]]:
    """Yields each kind that a test counted, and the number."""
    texts = [path.read_text() for path in logs.rglob(_TALLY)]
    for path in logs.rglob("outputs.zip"):
        with zipfile.ZipFile(path) as archive:
            texts += [archive.read(_TALLY).decode()] if _TALLY in archive.namelist() else []
    for line in "".join(texts).splitlines():
        stated = json.loads(line)
        yield stated["kind"], stated["number"]


def lines(found: Sum) -> Iterator[str]:
    """Yields what is printed."""
    yield f"the {_SLOWEST} slowest targets, in seconds:"
    longest_first = sorted(found.seconds.items(), key=lambda one: one[1], reverse=True)
    for target, seconds in longest_first[:_SLOWEST]:
        yield f"{seconds:8.1f} {target}"
    for reason in found.not_run:
        yield f"not run: {reason}"
    yield ", ".join(f"{number} {kind}" for kind, number in sorted(found.tallies.items()))
    cases = found.outcomes
    yield f"{cases['passed']} passed, {cases['failed']} failed, {cases['skipped']} skipped"


if __name__ == "__main__":
    print(*lines(sum_up(Path(sys.argv[1]))), sep="\n")
