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
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from toolchains.debian.errors import UnavailableError
from toolchains.debian.user_cache import user_cache
from toolchains.wheels.lock import LockError, Pin, read

REFUSED = 1
MISUSED = 2
UNREACHABLE = 75

# How the pips of the last years say that an index or a file was not to be reached.
_UNREACHABLE_SIGNS = re.compile(
    r"after connection broken by"
    r"|Could not fetch URL .*: (connection error|5\d\d Server Error|There was a problem confirming)"
    r"|HTTP error 5\d\d|IncompleteRead|ReadTimeoutError|ConnectionResetError|incomplete-download"
)
_RESUMING_PIP = (25, 1)


class FetchError(Exception):
    """A wheel could not be had; the message is one sentence for the user."""

    def __init__(self, message: str, code: int) -> None:
        """Keeps the message and the exit code it calls for."""
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class LockFile:
    """The file that pins a wheel, as messages speak of it."""

    name: str
    """What messages call it."""
    mend: str
    """The command that rewrites it."""


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
      cache: folder that holds a folder for each digest; made when absent.
      python: interpreter whose pip is run; of the version that runs this.

    Returns:
      Path of the wheel in the cache.

    Raises:
      FetchError: the wheel cannot be had, or has another digest.
    """
    home = cache / pin.sha256
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with _locked(cache / f"{pin.sha256}.lock"):
            return _cached(home, pin) or _download(pin, target, lock, home, python)
    except OSError as error:
        raise FetchError(
            f"the payload cache {cache} cannot be written ({error.strerror}); set "
            "IREE_RELEASE_CACHE to a folder that can",
            MISUSED,
        ) from error


def _cached(home: Path, pin: Pin) -> Path | None:
    wheels = list(home.glob("*.whl"))
    if len(wheels) == 1 and _sha256(wheels[0]) == pin.sha256:
        return wheels[0]
    shutil.rmtree(home, ignore_errors=True)  # damaged since; fetched again
    return None


def _download(pin: Pin, target: Target, lock: LockFile, home: Path, python: str) -> Path:
    for leftover in home.parent.glob(f"{pin.sha256}.staging*"):
        shutil.rmtree(leftover, ignore_errors=True)
    staging = Path(tempfile.mkdtemp(prefix=f"{pin.sha256}.staging", dir=home.parent))
    try:
        requirements = staging / "lock.txt"
        requirements.write_text(f"{pin}\n")
        wheels = staging / "wheels"
        _run_pip(pin, target, lock, requirements, wheels, python)
        (wheel,) = wheels.iterdir()
        # pip has checked it; this also covers what happened on its way to the disk.
        if _sha256(wheel) != pin.sha256:
            raise FetchError(f"{wheel.name} was damaged on its way; run again", UNREACHABLE)
        with wheel.open("rb") as file:
            os.fsync(file.fileno())
        wheels.rename(home)
        return home / wheel.name
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _run_pip(
    pin: Pin, target: Target, lock: LockFile, requirements: Path, wheels: Path, python: str
) -> None:
    log_file = requirements.with_name("pip.log")  # says why an index was passed over
    command = [
        *(python, "-m", "pip", "download", "--no-input", "--no-deps", "--only-binary", ":all:"),
        *("--disable-pip-version-check", "--progress-bar", "off", "--log", str(log_file)),
        *("--require-hashes", "--requirement", str(requirements), "--dest", str(wheels)),
        *_resume_options(python),
        *target.pip_options(),
    ]
    done = _output_of(command)
    if done.returncode == 0:
        return
    what = f"{pin.project} {pin.version} for {target.label}"
    log = done.stderr + (log_file.read_text() if log_file.exists() else "")
    if "DO NOT MATCH THE HASHES" in log:
        raise FetchError(
            f"{what}: the registry's file has another sha256 than {lock.name} pins "
            f"({pin.sha256}); nothing was kept. Find out why it changed before you rewrite the "
            f"lock with: {lock.mend}",
            REFUSED,
        )
    if _UNREACHABLE_SIGNS.search(log):
        raise FetchError(
            f"{what}, pinned by {lock.name}: the Python registry could not be reached; check the "
            "network and pip's configured index, and run again",
            UNREACHABLE,
        )
    if "No matching distribution" in log:
        raise FetchError(
            f"{what}: the registry has no such wheel, though {lock.name} pins it; check pip's "
            f"configured index, or rewrite the lock with: {lock.mend}",
            REFUSED,
        )
    raise FetchError(
        f"{what}, pinned by {lock.name}: pip failed ({_last_error(done.stderr)})", REFUSED
    )


def _resume_options(python: str) -> list[str]:
    """Lets a pip that can do it go on within a file when the connection breaks."""
    done = _output_of([python, "-m", "pip", "--version"])
    version = re.match(r"pip (\d+)\.(\d+)", done.stdout)
    if version is None:
        raise FetchError(
            f"{python} has no pip, which fetches the payload; install pip for it (Debian: "
            "python3-pip), or name another interpreter in IREE_RELEASE_PYTHON",
            MISUSED,
        )
    resumes = (int(version[1]), int(version[2])) >= _RESUMING_PIP
    return ["--resume-retries", "5"] if resumes else []


def _output_of(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    # A program's pip lies on its import path, which a child does not inherit.
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def _last_error(log: str) -> str:
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    return (errors or lines or ["it said nothing"])[-1]


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _place(wheel: Path, folder: Path) -> None:
    """Puts a wheel into the repository: as a second name of the same bytes, where that can be."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / wheel.name
    target.unlink(missing_ok=True)
    try:
        target.hardlink_to(wheel)
    except OSError:
        shutil.copyfile(wheel, target)


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
    parser.add_argument("--output", type=Path, required=True, help="folder for the wheels")
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
                _place(wheel, options.output)
    except (LockError, UnavailableError) as error:
        print(error, file=sys.stderr)
        return MISUSED
    except FetchError as error:
        print(error, file=sys.stderr)
        return error.code
    return 0


if __name__ == "__main__":
    sys.exit(main())
