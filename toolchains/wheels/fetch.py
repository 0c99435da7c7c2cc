"""Fetches the wheels of a lock file through pip, into a cache that all output bases share.

A repository rule runs this module with the host's Python, so it needs the standard library alone.
pip does the talking (so indexes, proxies, certificates and credentials are those the user has
set up for pip) and checks the hash; the cache holds a wheel under its digest, complete or not
at all. What is there is not asked for again, so an interrupted fetch goes on where it was.

Exit codes: 0 done; 1 the registry has not what the lock names; 2 the lock or the host is wrong;
75 the registry could not be reached, and a rerun may go through.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from toolchains.debian.errors import UnavailableError
from toolchains.debian.user_cache import user_cache
from toolchains.wheels.lock import LockError, Pin, read
from toolchains.wheels.pip_download import (
    MISUSED,
    UNREACHABLE,
    FetchError,
    LockFile,
    download,
)
from toolchains.wheels.wheel_cache import locked, place, publish, sha256, staging


@dataclass(frozen=True, slots=True)
class Target:
    """Which of a project's wheels pip is to look at."""

    label: str
    """What messages call it, such as `linux_x86_64, cp312-abi3`."""
    python_version: str
    """Python version, such as 3.12."""
    abis: Sequence[str]
    """ABI tags, such as abi3; none is always admitted."""
    platforms: Sequence[str]
    """Platform tags, such as manylinux_2_28_x86_64; any is always admitted."""

    def pip_options(self) -> list[str]:
        """The options of pip that say so."""
        options = ["--implementation", "cp", "--python-version", self.python_version]
        for abi in (*self.abis, "none"):
            options += ["--abi", abi]
        for platform in self.platforms:
            options += ["--platform", platform]
        return options


def fetch(pin: Pin, target: Target, lock: LockFile, cache: Path, python: str) -> Path:
    """The wheel of `pin`, from the cache or else through pip.

    Args:
      pin: what to fetch.
      target: the platform and Python it is for.
      lock: the lock file, for messages.
      cache: directory that holds a directory for each digest; made when absent.
      python: interpreter whose pip is run; of the version that runs this.

    Returns:
      Path of the wheel in the cache.

    Raises:
      FetchError: the wheel cannot be had, or has another digest.
    """
    home = cache / pin.sha256
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with locked(cache / f"{pin.sha256}.lock"):
            return _cached(home, pin) or _download(pin, target, lock, home, python)
    except OSError as error:
        raise FetchError(
            f"the payload cache {cache} cannot be written ({error.strerror}); set "
            "IREE_RELEASE_CACHE to a directory that can",
            MISUSED,
        ) from error


def _cached(home: Path, pin: Pin) -> Path | None:
    wheels = list(home.glob("*.whl"))
    if len(wheels) == 1 and sha256(wheels[0]) == pin.sha256:
        return wheels[0]
    shutil.rmtree(home, ignore_errors=True)  # damaged since; fetched again
    return None


def _download(pin: Pin, target: Target, lock: LockFile, home: Path, python: str) -> Path:
    with staging(home) as aside:
        requirements = aside / "lock.txt"
        requirements.write_text(f"{pin}\n")
        wheels = aside / "wheels"
        download(
            requirements,
            wheels,
            python=python,
            lock=lock,
            what=f"{pin.project} {pin.version} for {target.label}",
            options=target.pip_options(),
        )
        (wheel,) = wheels.iterdir()
        # pip has checked it; this also covers what happened on its way to the disk.
        if sha256(wheel) != pin.sha256:
            raise FetchError(f"{wheel.name} was damaged on its way; run again", UNREACHABLE)
        publish(wheels, home)
        return home / wheel.name


def main(arguments: Sequence[str] | None = None) -> int:
    """Fetches what the command line asks for; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--lock", type=Path, required=True, help="the lock file")
    parser.add_argument("--lock-name", help="what messages call the lock file")
    parser.add_argument("--mend", required=True, help="the command that rewrites the lock")
    parser.add_argument("--project", action="append", help="only this one; may be repeated")
    parser.add_argument("--label", required=True, help="platform and tags, for messages")
    parser.add_argument("--python-version", required=True)
    parser.add_argument("--abi", action="append", default=[])
    parser.add_argument("--platform", action="append", default=[])
    parser.add_argument("--output", type=Path, required=True, help="directory for the wheels")
    options = parser.parse_args(arguments)
    lock = LockFile(options.lock_name or str(options.lock), options.mend)
    target = Target(options.label, options.python_version, options.abi, options.platform)
    try:
        pins = read(options.lock, lock.name)
        wanted = set(options.project or (pin.project for pin in pins))
        for absent in sorted(wanted - {pin.project for pin in pins}):
            raise LockError(f"{lock.name}: it does not pin {absent}")
        for pin in pins:
            if pin.project in wanted:
                cache = user_cache() / "payload"
                wheel = fetch(pin, target, lock, cache, sys.executable)
                place(wheel, options.output)
    except (LockError, UnavailableError) as error:
        print(error, file=sys.stderr)
        return MISUSED
    except FetchError as error:
        print(error, file=sys.stderr)
        return error.code
    return 0


if __name__ == "__main__":
    sys.exit(main())
