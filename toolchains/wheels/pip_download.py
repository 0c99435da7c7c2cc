"""Downloads pinned wheels through pip, and explains failures.

Indexes, proxies, certificates and credentials are those that the user configured for pip, and pip
checks every hash.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from toolchains import child_python

NOT_FOUND = 1
"""Exit code: the registry lacks a wheel of the lock, or has a different file."""
INVALID = 2
"""Exit code: the lock or the host is invalid."""
UNREACHABLE = 75
"""Exit code: the registry could not be reached, and a rerun may succeed."""

# Messages of current and older pips when an index or a file could not be reached.
_UNREACHABLE_SIGNS = re.compile(
    r"after connection broken by"
    r"|Could not fetch URL .*: (connection error|5\d\d Server Error|There was a problem confirming)"
    r"|HTTP error 5\d\d|IncompleteRead|ReadTimeoutError|ConnectionResetError|incomplete-download"
)
_RESUMING_PIP = (25, 1)
_FAILED_REQUIREMENT = re.compile(
    r"No matching distribution found for (?P<absent>\S+)"
    r"|THESE PACKAGES DO NOT MATCH THE HASHES[^\n]*\n\s*(?P<changed>[^\s=]+==\S+)"
)


class FetchError(Exception):
    """A wheel could not be downloaded; the message is one sentence for the user."""

    def __init__(self, message: str, code: int) -> None:
        """Stores the message and the exit code."""
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class LockFile:
    """The lock file of a wheel, for messages."""

    name: str
    """Its name in messages."""
    fix: str
    """The command that rewrites it."""


def download(
    requirements: Path,
    wheels: Path,
    *,
    python: str,
    lock: LockFile,
    what: str | None = None,
    options: Sequence[str] = (),
) -> None:
    """Downloads the wheels that a requirements file pins by hash.

    Args:
      requirements: a requirements file, each line with its hashes; pip's log is written beside it.
      wheels: the directory for the wheels, which pip creates.
      python: the interpreter whose pip is run.
      lock: the lock file, for messages.
      what: the download's name in messages; by default the requirement in pip's message.
      options: more options of `pip download`.

    Raises:
      FetchError: a wheel cannot be downloaded, or has another digest.
    """
    log_file = requirements.with_name("pip.log")  # has the reason why pip skipped an index
    command = [
        *(python, "-m", "pip", "download", "--no-input", "--no-deps", "--only-binary", ":all:"),
        *("--disable-pip-version-check", "--progress-bar", "off", "--log", str(log_file)),
        *("--require-hashes", "--requirement", str(requirements), "--dest", str(wheels)),
        *_resume_options(python),
        *options,
    ]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=child_python.environment()
    )
    if done.returncode == 0:
        return
    log = done.stderr + (log_file.read_text() if log_file.exists() else "")
    raise _error(log, done.stderr, what or _failed_requirement(done.stderr), lock)


def _failed_requirement(stderr: str) -> str:
    """The requirement that pip failed at."""
    found = _FAILED_REQUIREMENT.search(stderr)
    return (found["absent"] or found["changed"]) if found else "the wheels"


def _error(log: str, stderr: str, what: str, lock: LockFile) -> FetchError:
    if "DO NOT MATCH THE HASHES" in log:
        return FetchError(
            f"{what}: the sha256 of the registry's file differs from the one in {lock.name}; "
            "the download was discarded. Find out why the file changed before you rewrite the "
            f"lock with: {lock.fix}",
            NOT_FOUND,
        )
    if _UNREACHABLE_SIGNS.search(log):
        return FetchError(
            f"{what}, pinned by {lock.name}: the Python registry could not be reached; check the "
            "network and pip's configured index, and run the same command again",
            UNREACHABLE,
        )
    if "No matching distribution" in log:
        return FetchError(
            f"{what}: the registry has no such wheel, but {lock.name} pins it; check pip's "
            f"configured index, or rewrite the lock with: {lock.fix}",
            NOT_FOUND,
        )
    return FetchError(
        f"{what}, pinned by {lock.name}: pip failed ({_last_error(stderr)})", NOT_FOUND
    )


def _resume_options(python: str) -> list[str]:
    """Makes pip resume interrupted downloads, if it supports that."""
    done = subprocess.run(
        [python, "-m", "pip", "--version"],
        capture_output=True,
        text=True,
        check=False,
        env=child_python.environment(),
    )
    version = re.match(r"pip (\d+)\.(\d+)", done.stdout)
    if version is None:
        raise FetchError(
            f"{python} has no pip, which downloads wheels: install pip for it (on Debian: "
            "apt-get install python3-pip), or set IREE_RELEASE_PYTHON to another Python",
            INVALID,
        )
    resumes = (int(version[1]), int(version[2])) >= _RESUMING_PIP
    return ["--resume-retries", "5"] if resumes else []


def _last_error(log: str) -> str:
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    return (errors or lines or ["it printed nothing"])[-1]
