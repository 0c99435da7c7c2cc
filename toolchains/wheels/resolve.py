"""Rewrites the lock files of a set of requirements, one for each platform and Python.

    ./bazelw run //products/iree/dependencies:lock
    ./bazelw run //products/iree/turbine:lock
    ./bazelw run //toolchains/wheels:lock

pip resolves each Python and platform without downloading wheels, using the indexes that the user
configured for it. The first platform gets the newest versions, and the others the same versions.
Exit codes: 0 done, 1 wheels are missing for a Python or platform, 2 bad usage.
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
    """A lock cannot be resolved; the message is one sentence for the user."""


@dataclass(frozen=True, slots=True)
class Target:
    """A platform that wheels are locked for."""

    name: str
    """Its name, the prefix of its lock files."""
    tags: tuple[str, ...]
    """Platform tags of wheels for it."""


def parse_target(text: str) -> Target:
    """Parses NAME=TAG,TAG.

    Raises:
      ValueError: the text does not have this form.
    """
    name, equals, tags = text.partition("=")
    if not (name and equals and tags):
        raise ValueError(text)
    return Target(name, tuple(tags.split(",")))


def resolve(
    python: str,
    platform: Target,
    requirements: Sequence[str],
    constraints: Sequence[str] = (),
) -> list[Pin]:
    """The newest wheels of requirements and their dependencies for one Python and platform.

    Args:
      python: minor version, such as 3.11.
      platform: the platform of that Python.
      requirements: requirements for pip.
      constraints: constraints for pip.

    Raises:
      LockError: the index lacks wheels, or cannot be reached.
    """
    tag = "cp" + python.replace(".", "")
    command = [
        *(sys.executable, "-m", "pip", "install", "--dry-run", "--quiet", "--report", "-"),
        *("--ignore-installed", "--target", "unused", "--only-binary", ":all:"),
        *("--implementation", "cp", "--python-version", python),
        *(word for abi in (tag, "abi3", "none") for word in ("--abi", abi)),
        *(word for platform_tag in platform.tags for word in ("--platform", platform_tag)),
        *requirements,
    ]
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.writelines(f"{constraint}\n" for constraint in constraints)
        file.flush()
        command += ["--constraint", file.name]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, env=child_python.environment()
        )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it printed nothing"])[-1]
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
    requirements: Sequence[str],
    optional: Sequence[str] = (),
) -> dict[str, list[Pin]]:
    """The pins of one Python by platform name, with the same versions on all platforms.

    Args:
      python: minor version, such as 3.11.
      platforms: the first one gets the newest versions.
      requirements: requirements for pip.
      optional: more requirements, all left out if the index lacks wheels of one of them.

    Raises:
      LockError: the index lacks wheels of `requirements`, or cannot be reached.
    """

    def pins(platform: Target, constraints: Sequence[str]) -> list[Pin]:
        if optional:
            try:
                return resolve(python, platform, [*requirements, *optional], constraints)
            except LockError as error:
                print(f"{error}; locking without {', '.join(optional)}", file=sys.stderr)
        return resolve(python, platform, requirements, constraints)

    first, *others = platforms
    newest = pins(first, ())
    same = [f"{pin.project}=={pin.version}" for pin in newest]
    return {first.name: newest} | {other.name: pins(other, same) for other in others}


def main(argv: Sequence[str] | None = None) -> int:
    """Writes `PLATFORM-cpXY.txt` for each `--platform` and each `--python X.Y` into `--locks`."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--python", action="append", required=True, help="Python version, such as 3.11"
    )
    parser.add_argument(
        "--platform",
        action="append",
        required=True,
        type=parse_target,
        help="Platform and its platform tags, as NAME=TAG,TAG",
    )
    parser.add_argument(
        "--locks", type=Path, required=True, help="Directory of the locks in the workspace"
    )
    parser.add_argument("--require", action="append", required=True, help="Requirement")
    parser.add_argument(
        "--optional", action="append", default=[], help="Requirement that may lack wheels"
    )
    parser.add_argument("--what", required=True, help="Description of the wheels, for the header")
    parser.add_argument(
        "--command", required=True, help="Command that rewrites the locks, for the header"
    )
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
