"""Counts the cases of the last `bazel test` from its XML reports, and says what was not run."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree


def count(logs: Path) -> tuple[Counter[str], list[str]]:
    """Outcomes of all cases below `logs`, and why some were skipped."""
    outcomes: Counter[str] = Counter()
    reasons = []
    for report in sorted(logs.rglob("test.xml")):
        target = report.parent.relative_to(logs)
        for case in ElementTree.parse(report).iter("testcase"):
            skipped = case.find("skipped")
            if case.find("failure") is not None or case.find("error") is not None:
                outcomes["failed"] += 1
            elif skipped is not None:
                outcomes["skipped"] += 1
                reasons.append(f"{target}: {case.get('name')}: {skipped.get('message')}")
            else:
                outcomes["passed"] += 1
    return outcomes, reasons


def main() -> None:
    """Prints the reasons, then the counts on the last line."""
    outcomes, reasons = count(Path(sys.argv[1]))
    for reason in reasons:
        print(f"not run: {reason}")
    print(
        f"{outcomes['passed']} passed, {outcomes['failed']} failed, {outcomes['skipped']} skipped"
    )


if __name__ == "__main__":
    main()
