"""Running programs that may fail, hang or leave child processes behind."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from release.gate.smoke.errors import InterruptedTestError, SmokeTestError

TIMEOUT = 300.0
"""Seconds that a program of a release may take; the slowest takes about ten."""

_POLL = 0.2  # seconds between two checks for an interrupt
_LAST_LINES = 6
_LAST_CHARACTERS = 800
_MOST_BYTES = 1 << 24  # of each stream, to bound memory

_interrupted = threading.Event()


def interrupt() -> None:
    """Ends every program that `run` waits for in any thread, and every later one."""
    _interrupted.set()


def check_interrupted() -> None:
    """Ends work that does not go through `run`.

    Raises:
      InterruptedTestError: `interrupt` was called.
    """
    if _interrupted.is_set():
        raise InterruptedTestError


@dataclass(frozen=True, slots=True)
class ProcessResult:
    """The exit code and output of a program."""

    program: str
    """Its name in messages."""
    exit_code: int
    """Negative: the signal that killed it."""
    stdout: str
    stderr: str

    def expect(self, exit_code: int = 0) -> ProcessResult:
        """Checks the exit code and returns the result itself.

        Raises:
          SmokeTestError: the exit code is another.
        """
        if self.exit_code != exit_code:
            expected = f", not {exit_code}" if exit_code else ""
            raise SmokeTestError(f"{self.program} {self.ending()}{expected}{self.output_tail()}")
        return self

    def output_tail(self) -> str:
        """The last lines of both streams as a suffix of a message; empty without output."""
        lines = (self.stdout + "\n" + self.stderr).splitlines()
        if any(line.startswith("Traceback ") for line in lines):
            lines = [line for line in lines if not line.startswith(("Traceback ", " "))]
        tail = " / ".join([line.strip() for line in lines if line.strip()][-_LAST_LINES:])
        return f": {tail[-_LAST_CHARACTERS:]}" if tail else ""

    def ending(self) -> str:
        """How it ended, as the rest of a sentence."""
        if self.exit_code >= 0:
            return f"exits with {self.exit_code}"
        try:
            return f"is killed by {signal.Signals(-self.exit_code).name}"
        except ValueError:
            # Most real-time signals have no name.
            return f"is killed by signal {-self.exit_code}"


def run(
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    directory: Path | None = None,
    timeout: float = TIMEOUT,
    name: str | None = None,
) -> ProcessResult:
    """Runs a program to its end, without a shell or standard input.

    Children that outlive the program are killed, unless they are in a session of their own.

    Args:
      command: the program and its arguments.
      environment: all of its environment.
      directory: its working directory; the current one by default.
      timeout: seconds after which the program and all its children are killed.
      name: its name in messages; by default the last part of its path.

    Raises:
      SmokeTestError: it does not start, or times out.
      InterruptedTestError: `interrupt` was called in the meantime.
    """
    name = name or Path(command[0]).name
    # Files, not pipes: a surviving grandchild would keep a pipe open, and the reader waiting.
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
            _kill(process)  # here too, for the exit code
            result = ProcessResult(name, process.returncode, _text(stdout), _text(stderr))
            raise SmokeTestError(
                f"{name} times out after {timeout:g} s{result.output_tail()}"
            ) from error
        finally:
            _kill(process)
        return ProcessResult(name, process.returncode, _text(stdout), _text(stderr))


def _wait(process: subprocess.Popen[bytes], timeout: float) -> None:
    """Waits for a program to end.

    Raises:
      TimeoutExpired: it takes longer than `timeout`.
      InterruptedTestError: `interrupt` was called.
    """
    end = time.monotonic() + timeout
    while True:
        try:
            process.wait(min(_POLL, max(0.0, end - time.monotonic())))
        except subprocess.TimeoutExpired:
            if _interrupted.is_set():
                raise InterruptedTestError from None
            if time.monotonic() >= end:
                raise
        else:
            return


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kills a program and all processes of its group, as far as they still run."""
    # macOS does not permit it for a group whose last processes are ending.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _text(stream: BinaryIO) -> str:
    stream.seek(0)
    return stream.read(_MOST_BYTES).decode(errors="replace")
