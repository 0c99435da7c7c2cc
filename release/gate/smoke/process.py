"""Starting programs that may fail, hang or leave others behind."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

TIMEOUT = 300.0
"""Seconds that a program of a release may take; the slowest takes about ten."""

_LOOK = 0.2  # seconds between two looks at whether to go on
_LAST_LINES = 6
_LAST_CHARACTERS = 800
_MOST_BYTES = 1 << 24  # of each stream; a program that says more is not worth the memory


_interrupted = threading.Event()


class InterruptedTestError(Exception):
    """Somebody wants all trials to end; no verdict follows from it."""


def interrupt() -> None:
    """Ends every program that `run` waits for, in whatever thread, and every later one."""
    _interrupted.set()


def check_interrupted() -> None:
    """Ends what goes on without `run`.

    Raises:
      InterruptedTestError: `interrupt` was called.
    """
    if _interrupted.is_set():
        raise InterruptedTestError


class SmokeTestError(Exception):
    """What was tried failed; the message is one sentence, with the last words of the program."""


@dataclass(frozen=True, slots=True)
class Done:
    """How a program ended, and all it said."""

    program: str
    """What messages call it."""
    exit_code: int
    """Negative: the signal that ended it."""
    stdout: str
    stderr: str

    def expect(self, exit_code: int = 0) -> Done:
        """Itself.

        Raises:
          SmokeTestError: it ended otherwise.
        """
        if self.exit_code != exit_code:
            wanted = f", not {exit_code}" if exit_code else ""
            raise SmokeTestError(f"{self.program} {self._ended()}{wanted}{self.last_words()}")
        return self

    def last_words(self) -> str:
        """The end of what it said on either stream, to be put behind a message; maybe nothing."""
        said = (self.stdout + "\n" + self.stderr).splitlines()
        if any(line.startswith("Traceback ") for line in said):
            said = [line for line in said if not line.startswith(("Traceback ", " "))]
        words = " / ".join([line.strip() for line in said if line.strip()][-_LAST_LINES:])
        return f": {words[-_LAST_CHARACTERS:]}" if words else ""

    def _ended(self) -> str:
        if self.exit_code >= 0:
            return f"exits with {self.exit_code}"
        return f"is ended by {signal.Signals(-self.exit_code).name}"


def run(
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    directory: Path | None = None,
    timeout: float = TIMEOUT,
    name: str | None = None,
) -> Done:
    """Runs a program to its end, without a shell or standard input.

    Args:
      command: the program and its arguments.
      environment: all of its environment.
      directory: where it runs; in the current directory by default.
      timeout: seconds after which the program, and all it started, are killed.
      name: what messages call it; by default the last part of its path.

    Raises:
      SmokeTestError: it does not start, or takes too long.
      InterruptedTestError: `interrupt` was called meanwhile.
    """
    name = name or Path(command[0]).name
    # Files, not pipes: a grandchild that lives on would keep a pipe open, and the reader waiting.
    with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
        try:
            process = subprocess.Popen(
                command,
                env=dict(environment),
                cwd=directory,
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                start_new_session=True,
            )
        except OSError as error:
            raise SmokeTestError(f"{name} does not start ({error.strerror})") from error
        try:
            _wait(process, timeout)
        except subprocess.TimeoutExpired as error:
            _kill(process)
            said = Done(name, process.returncode, _text(stdout), _text(stderr)).last_words()
            raise SmokeTestError(f"{name} does not end within {timeout:g} s{said}") from error
        except BaseException:
            _kill(process)
            raise
        return Done(name, process.returncode, _text(stdout), _text(stderr))


def _wait(process: subprocess.Popen[bytes], timeout: float) -> None:
    """Waits for a program's end.

    Raises:
      TimeoutExpired: it takes longer.
      InterruptedTestError: nobody wants to know any more.
    """
    end = time.monotonic() + timeout
    while True:
        try:
            process.wait(min(_LOOK, max(0.0, end - time.monotonic())))
        except subprocess.TimeoutExpired:
            if _interrupted.is_set():
                raise InterruptedTestError from None
            if time.monotonic() >= end:
                raise
        else:
            return


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kills a program that was not waited for yet, with all of its session's processes."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _text(stream: BinaryIO) -> str:
    stream.seek(0)
    return stream.read(_MOST_BYTES).decode(errors="replace")
