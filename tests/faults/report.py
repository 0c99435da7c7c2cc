"""How many faults were tried: printed, and kept with the test's outputs."""

from __future__ import annotations

import os
from pathlib import Path


def tell(line: str) -> None:
    """Tells a count."""
    print(line)
    if folder := os.environ.get("TEST_UNDECLARED_OUTPUTS_DIR"):
        with Path(folder, "faults.txt").open("a") as file:
            file.write(f"{line}\n")
