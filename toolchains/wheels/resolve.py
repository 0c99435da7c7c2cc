"""Rewrites the locks of one set of requirements, one for each platform and Python.

    bazel run //packaging/dependencies:lock
    bazel run //packaging/turbine:lock
    bazel run //toolchains/wheels:lock

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
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from toolchains import child_python
from toolchains.wheels.lock import Pin, render


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


def resolve(
    python: str,
    platform: Target,
    wanted: Sequence[str],
    constraints: Sequence[str] = (),
) -> list[Pin]:
    """The newest wheels of `wanted`, and of what these require, that one Python can install.

    Args:
      python: minor version, such as 3.11.
      platform: where that Python runs.
      wanted: requirements, as pip takes them.
      constraints: which versions to take of what is needed.

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
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.writelines(f"{constraint}\n" for constraint in constraints)
        file.flush()
        command += ["--constraint", file.name]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, env=child_python.environment()
        )
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


def resolve_all(
    python: str,
    platforms: Sequence[Target],
    wanted: Sequence[str],
    optional: Sequence[str] = (),
) -> dict[str, list[Pin]]:
    """The pins of one Python for each platform by name, in the same versions on all.

    Args:
      python: minor version, such as 3.11.
      platforms: the first one gets the newest versions.
      wanted: requirements, as pip takes them.
      optional: more of them, left out together where the index has no wheels of one.

    Raises:
      LockError: the index has no such wheels of what is wanted, or cannot be asked.
    """

    def resolved(platform: Target, same: Sequence[str]) -> list[Pin]:
        if optional:
            try:
                return resolve(python, platform, [*wanted, *optional], same)
            except LockError as error:
                print(f"{error}; locked without {', '.join(optional)}", file=sys.stderr)
        return resolve(python, platform, wanted, same)

    first, *others = platforms
    newest = resolved(first, ())
    same = [f"{pin.project}=={pin.version}" for pin in newest]
    return {first.name: newest} | {other.name: resolved(other, same) for other in others}


def main(argv: Sequence[str] | None = None) -> int:
    """Writes `PLATFORM-cpXY.txt` for each `--platform` and each `--python X.Y` into `--locks`."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--python", action="append", required=True, help="such as 3.11")
    parser.add_argument(
        "--platform", action="append", required=True, type=target, help="NAME=TAG,TAG of wheels"
    )
    parser.add_argument("--locks", type=Path, required=True, help="directory in the workspace")
    parser.add_argument("--require", action="append", required=True, help="a requirement")
    parser.add_argument("--optional", action="append", default=[], help="where it is to be had")
    parser.add_argument("--what", required=True, help="what they are, for the header")
    parser.add_argument("--command", required=True, help="what rewrites them, for the header")
    options = parser.parse_args(argv)
    locks = Path(os.environ.get("BUILD_WORKSPACE_DIRECTORY", ""), options.locks)
    try:
        resolved = {
            python: resolve_all(python, options.platform, options.require, options.optional)
            for python in options.python
        }
    except LockError as error:
        print(error, file=sys.stderr)
        return 1
    for python, platforms in resolved.items():
        for platform, pins in platforms.items():
            header = [
                f"{options.what}, on {platform} with Python {python}.",
                f"Written by: {options.command}",
            ]
            lock = locks / f"{platform}-cp{python.replace('.', '')}.txt"
            lock.write_text(render(pins, header), encoding="utf-8")
            print(f"{lock}: {', '.join(f'{pin.project} {pin.version}' for pin in pins)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
