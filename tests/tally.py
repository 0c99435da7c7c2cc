"""How much a test tried, where one case tries many things: kill points, faults, mutations.

`.ci/run` sums up what all targets counted, so that a run in which less is tried shows.
"""

from __future__ import annotations

import json
import os
from pathlib import Path


def tally(kind: str, number: int, what: str) -> None:
    """Counts what was tried.

    Args:
      kind: what is summed up under one name, such as "kill points".
      number: how many.
      what: a sentence for the log.
    """
    print(what)
    if directory := os.environ.get("TEST_UNDECLARED_OUTPUTS_DIR"):
        with Path(directory, "tally.jsonl").open("a") as file:
            file.write(json.dumps({"kind": kind, "number": number, "what": what}) + "\n")
