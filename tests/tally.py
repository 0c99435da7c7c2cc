"""Counts what a test case tests many of: kill points, faults, mutations.

`.ci/run` prints the sums of all targets, which shows a run that tests less.
"""

from __future__ import annotations

import json
import os
from pathlib import Path


def tally(kind: str, number: int, what: str) -> None:
    """Records a count.

    Args:
      kind: name under which counts are summed, such as "kill points".
      number: the count.
      what: a sentence for the log.
    """
    print(what)
    if directory := os.environ.get("TEST_UNDECLARED_OUTPUTS_DIR"):
        with Path(directory, "tally.jsonl").open("a") as file:
            file.write(json.dumps({"kind": kind, "number": number, "what": what}) + "\n")
