"""Rewrites the locks of what our wheels require, one for each Python.

    bazel run //tests/installed:lock

pip resolves without downloading a wheel, for each Python as if it ran on it, against the indexes
that the host's pip is set up for. Exit codes: 0 done, 1 a Python has no wheels, 2 bad usage.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from payload.lock import Pin, render

REQUIRED = ("ml_dtypes", "numpy", "sympy")
"""What iree-compiler and iree-runtime declare; a test fails when one is missing."""


class LockError(Exception):
    """There is no lock to write; the message is one sentence for the user."""


def resolve(python: str, platform_tags: Sequence[str]) -> list[Pin]:
    """The newest wheels of REQUIRED, and of what these require, that one Python can install.

    Raises:
      LockError: the index has no such wheels, or cannot be asked.
    """
    tag = "cp" + python.replace(".", "")
    command = [
        *(sys.executable, "-m", "pip", "install", "--dry-run", "--quiet", "--report", "-"),
        *("--ignore-installed", "--target", "unused", "--only-binary", ":all:"),
        *("--implementation", "cp", "--python-version", python),
        *(word for abi in (tag, "abi3", "none") for word in ("--abi", abi)),
        *(word for platform in platform_tags for word in ("--platform", platform)),
        *REQUIRED,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise LockError(f"pip finds no wheels for Python {python}: {last.removeprefix('ERROR: ')}")
    return [
        Pin(
            item["metadata"]["name"],
            item["metadata"]["version"],
            item["download_info"]["archive_info"]["hashes"]["sha256"],
        )
        for item in json.loads(done.stdout)["install"]
    ]


def main(argv: Sequence[str] | None = None) -> int:
    """Writes `cpXY.txt` for each `--python X.Y` into `--locks`."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--python", action="append", required=True, help="such as 3.11")
    parser.add_argument("--platform-tag", action="append", required=True, help="of wheels")
    parser.add_argument("--locks", type=Path, required=True, help="folder in the workspace")
    options = parser.parse_args(argv)
    locks = Path(os.environ.get("BUILD_WORKSPACE_DIRECTORY", ""), options.locks)
    try:
        resolved = {python: resolve(python, options.platform_tag) for python in options.python}
    except LockError as error:
        print(error, file=sys.stderr)
        return 1
    for python, pins in resolved.items():
        header = [
            f"What the built wheels require on Python {python}, for their tests.",
            "Written by: bazel run //tests/installed:lock",
        ]
        lock = locks / f"cp{python.replace('.', '')}.txt"
        lock.write_text(render(pins, header), encoding="utf-8")
        print(f"{lock}: {', '.join(f'{pin.project} {pin.version}' for pin in pins)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
