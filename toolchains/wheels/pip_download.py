"""Downloads pinned wheels through the host's pip, and says why when it cannot.

pip does the talking, so indexes, proxies, certificates and credentials are those that the user has
set up for pip, and pip checks every hash.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from toolchains import child_python

REFUSED = 1
"""Exit code: the registry does not have what the lock names."""
MISUSED = 2
"""Exit code: the lock or the host is wrong."""
UNREACHABLE = 75
"""Exit code: the registry could not be reached, and a rerun may succeed."""

# How the pips of the last years report that an index or a file could not be reached.
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
    """A wheel could not be had; the message is one sentence for the user."""

    def __init__(self, message: str, code: int) -> None:
        """Keeps the message and the exit code that goes with it."""
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class LockFile:
    """The file that pins a wheel, as messages refer to it."""

    name: str
    """What messages call it."""
    mend: str
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
      wheels: the directory that gets the wheels; pip makes it.
      python: the interpreter whose pip is run.
      lock: the file that pins it, for messages.
      what: what is downloaded, for messages; the requirement that pip names if left out.
      options: further options of `pip download`.

    Raises:
      FetchError: a wheel cannot be had, or has another digest.
    """
    log_file = requirements.with_name("pip.log")  # says why an index was passed over
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
    raise _reason(log, done.stderr, what or _named(done.stderr), lock)


def _named(stderr: str) -> str:
    """The requirement that pip failed at."""
    found = _FAILED_REQUIREMENT.search(stderr)
    return (found["absent"] or found["changed"]) if found else "the wheels"


def _reason(log: str, stderr: str, what: str, lock: LockFile) -> FetchError:
    if "DO NOT MATCH THE HASHES" in log:
        return FetchError(
            f"{what}: the registry's file has another sha256 than {lock.name} pins; "
            "nothing was kept. Find out why it changed before you rewrite the "
            f"lock with: {lock.mend}",
            REFUSED,
        )
    if _UNREACHABLE_SIGNS.search(log):
        return FetchError(
            f"{what}, pinned by {lock.name}: the Python registry could not be reached; check the "
            "network and pip's configured index, and run again",
            UNREACHABLE,
        )
    if "No matching distribution" in log:
        return FetchError(
            f"{what}: the registry has no such wheel, though {lock.name} pins it; check pip's "
            f"configured index, or rewrite the lock with: {lock.mend}",
            REFUSED,
        )
    return FetchError(f"{what}, pinned by {lock.name}: pip failed ({_last_error(stderr)})", REFUSED)


def _resume_options(python: str) -> list[str]:
    """Lets a pip that can do it go on within a file when the connection breaks."""
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
            f"{python} has no pip, which downloads wheels; install pip for it (Debian: "
            "python3-pip), or name another interpreter in IREE_RELEASE_PYTHON",
            MISUSED,
        )
    resumes = (int(version[1]), int(version[2])) >= _RESUMING_PIP
    return ["--resume-retries", "5"] if resumes else []


def _last_error(log: str) -> str:
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    return (errors or lines or ["it printed nothing"])[-1]
