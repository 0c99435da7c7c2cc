"""Rewrites the locks of what our wheels require, one for each platform and Python.

    bazel run //packaging/dependencies:lock

pip resolves without downloading a wheel, for each Python as if it ran on it, against the indexes
that the host's pip is set up for. The first platform gets the newest versions, and the others the
same. Exit codes: 0 done, 1 a Python has no wheels, 2 bad usage.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from payload.lock import Pin, render

REQUIRED = ("ml_dtypes", "numpy", "sympy")
"""What iree-compiler and iree-runtime declare; a test fails when one is missing."""


class LockError(Exception):
    """There is no lock to write; the message is one sentence for the user."""


@dataclass(frozen=True, slots=True)
class Target:
    """A platform that wheels are locked for."""

    name: str
    """Its name, which the lock files begin with."""
    tags: tuple[str, ...]
    """Platform tags of the wheels that it takes."""


def target(text: str) -> Target:
    """Reads NAME=TAG,TAG; ValueError if it is not of that form."""
    name, equals, tags = text.partition("=")
    if not (name and equals and tags):
        raise ValueError(text)
    return Target(name, tuple(tags.split(",")))


def resolve(python: str, platform: Target, wanted: Sequence[str] = REQUIRED) -> list[Pin]:
    """The newest wheels of `wanted`, and of what these require, that one Python can install.

    Args:
      python: minor version, such as 3.11.
      platform: where that Python runs.
      wanted: requirements, as pip takes them.

    Raises:
      LockError: the index has no such wheels, or cannot be asked.
    """
    tag = "cp" + python.replace(".", "")
    command = [
        *(sys.executable, "-m", "pip", "install", "--dry-run", "--quiet", "--report", "-"),
        *("--ignore-installed", "--target", "unused", "--only-binary", ":all:"),
        *("--implementation", "cp", "--python-version", python),
        *(word for abi in (tag, "abi3", "none") for word in ("--abi", abi)),
        *(word for platform_tag in platform.tags for word in ("--platform", platform_tag)),
        *wanted,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise LockError(
            f"pip finds no wheels for Python {python} on {platform.name}: "
            f"{last.removeprefix('ERROR: ')}"
        )
    return [
        Pin(
            item["metadata"]["name"],
            item["metadata"]["version"],
            item["download_info"]["archive_info"]["hashes"]["sha256"],
        )
        for item in json.loads(done.stdout)["install"]
    ]


def resolve_all(python: str, platforms: Sequence[Target]) -> dict[str, list[Pin]]:
    """The pins of one Python for each platform by name, in the same versions on all.

    Raises:
      LockError: the index has no such wheels, or cannot be asked.
    """
    first, *others = platforms
    newest = resolve(python, first)
    same = [f"{pin.project}=={pin.version}" for pin in newest]
    return {first.name: newest} | {other.name: resolve(python, other, same) for other in others}


def main(argv: Sequence[str] | None = None) -> int:
    """Writes `PLATFORM-cpXY.txt` for each `--platform` and each `--python X.Y` into `--locks`."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--python", action="append", required=True, help="such as 3.11")
    parser.add_argument(
        "--platform", action="append", required=True, type=target, help="NAME=TAG,TAG of wheels"
    )
    parser.add_argument("--locks", type=Path, required=True, help="folder in the workspace")
    options = parser.parse_args(argv)
    locks = Path(os.environ.get("BUILD_WORKSPACE_DIRECTORY", ""), options.locks)
    try:
        resolved = {python: resolve_all(python, options.platform) for python in options.python}
    except LockError as error:
        print(error, file=sys.stderr)
        return 1
    for python, platforms in resolved.items():
        for platform, pins in platforms.items():
            header = [
                f"What the built wheels require on {platform} with Python {python}, to try them.",
                "Written by: bazel run //packaging/dependencies:lock",
            ]
            lock = locks / f"{platform}-cp{python.replace('.', '')}.txt"
            lock.write_text(render(pins, header), encoding="utf-8")
            print(f"{lock}: {', '.join(f'{pin.project} {pin.version}' for pin in pins)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
