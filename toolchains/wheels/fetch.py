"""Downloads the wheels of a lock file through pip, into a cache that all output bases share.

A repository rule runs this module with the host's Python, so it uses only the standard library. pip
downloads and checks hashes, so indexes, proxies, certificates and credentials are those that the
user configured for pip. The cache contains complete wheels by digest; a cached wheel is not
downloaded again, so an interrupted download resumes where it stopped.

Exit codes: 0 done; 1 the registry lacks a wheel of the lock or has a different file; 2 the lock or
the host is invalid; 75 the registry could not be reached, and a rerun may succeed.
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
    INVALID,
    UNREACHABLE,
    FetchError,
    LockFile,
    download,
)
from toolchains.wheels.wheel_cache import locked, place, publish, sha256, staging


@dataclass(frozen=True, slots=True)
class Target:
    """The Python and the platform to download wheels for."""

    label: str
    """Its name in messages, such as `linux_x86_64, cp312-abi3`."""
    python_version: str
    """Python version, such as 3.12."""
    abis: Sequence[str]
    """ABI tags, such as abi3, besides none."""
    platforms: Sequence[str]
    """Platform tags, such as manylinux_2_28_x86_64, besides any."""

    def pip_options(self) -> list[str]:
        """The options that select this target in pip."""
        options = ["--implementation", "cp", "--python-version", self.python_version]
        for abi in (*self.abis, "none"):
            options += ["--abi", abi]
        for platform in self.platforms:
            options += ["--platform", platform]
        return options


def fetch(pin: Pin, target: Target, lock: LockFile, cache: Path, python: str) -> Path:
    """The wheel of `pin`, from the cache or downloaded through pip.

    Args:
      pin: the wheel's pin.
      target: its platform and Python.
      lock: the lock file, for messages.
      cache: directory with a directory for each digest; created if it does not exist.
      python: interpreter whose pip is run, of the version that runs this.

    Returns:
      Path of the wheel in the cache.

    Raises:
      FetchError: the wheel cannot be downloaded, or has another digest.
    """
    home = cache / pin.sha256
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with locked(cache / f"{pin.sha256}.lock"):
            return _cached(home, pin) or _download(pin, target, lock, home, python)
    except OSError as error:
        raise FetchError(
            f"the payload cache {cache} cannot be written ({error.strerror}): set "
            "IREE_RELEASE_CACHE to a writable directory",
            INVALID,
        ) from error


def _cached(home: Path, pin: Pin) -> Path | None:
    wheels = list(home.glob("*.whl"))
    if len(wheels) == 1 and sha256(wheels[0]) == pin.sha256:
        return wheels[0]
    shutil.rmtree(home, ignore_errors=True)  # damaged; downloaded again
    return None


def _download(pin: Pin, target: Target, lock: LockFile, home: Path, python: str) -> Path:
    with staging(home) as directory:
        requirements = directory / "lock.txt"
        requirements.write_text(f"{pin}\n")
        wheels = directory / "wheels"
        download(
            requirements,
            wheels,
            python=python,
            lock=lock,
            what=f"{pin.project} {pin.version} for {target.label}",
            options=target.pip_options(),
        )
        (wheel,) = wheels.iterdir()
        # pip has checked the download; this checks the file on disk.
        if sha256(wheel) != pin.sha256:
            raise FetchError(
                f"{wheel.name} was damaged after the download; run the same command again",
                UNREACHABLE,
            )
        publish(wheels, home)
        return home / wheel.name


def main(arguments: Sequence[str] | None = None) -> int:
    """Downloads wheels according to the command line; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--lock", type=Path, required=True, help="Lock file")
    parser.add_argument("--lock-name", help="Name of the lock file in messages [default: its path]")
    parser.add_argument("--fix", required=True, help="Command that rewrites the lock")
    parser.add_argument(
        "--project", action="append", help="Download only this project; may be repeated"
    )
    parser.add_argument("--label", required=True, help="Platform and tags, for messages")
    parser.add_argument("--python-version", required=True, help="Python version, such as 3.12")
    parser.add_argument("--abi", action="append", default=[], help="ABI tag; may be repeated")
    parser.add_argument(
        "--platform", action="append", default=[], help="Platform tag; may be repeated"
    )
    parser.add_argument("--output", type=Path, required=True, help="Directory for the wheels")
    options = parser.parse_args(arguments)
    lock = LockFile(options.lock_name or str(options.lock), options.fix)
    target = Target(options.label, options.python_version, options.abi, options.platform)
    try:
        pins = read(options.lock, lock.name)
        projects = set(options.project or (pin.project for pin in pins))
        for missing in sorted(projects - {pin.project for pin in pins}):
            raise LockError(f"{lock.name} does not pin {missing}; rewrite it with: {lock.fix}")
        for pin in pins:
            if pin.project in projects:
                cache = user_cache() / "payload"
                wheel = fetch(pin, target, lock, cache, sys.executable)
                place(wheel, options.output)
    except (LockError, UnavailableError) as error:
        print(error, file=sys.stderr)
        return INVALID
    except FetchError as error:
        print(error, file=sys.stderr)
        return error.code
    return 0


if __name__ == "__main__":
    sys.exit(main())
