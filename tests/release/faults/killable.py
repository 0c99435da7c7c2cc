"""Runs a command in a child process, and kills it at a given point.

Python's audit events announce local changes, so the commands need no changes for these tests: the
process can be killed before each event that changes the disk. Writes to an open file raise no
event; there the kernel kills the process when a file reaches a given size (RLIMIT_FSIZE).
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import resource
import signal
import sys
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from release.gate import examination
from tests.release.publish.samples import verdicts_for

_CHANGES = frozenset(
    {
        "os.rename",
        "os.remove",
        "os.mkdir",
        "os.rmdir",
        "os.link",
        "os.symlink",
        "os.truncate",
        "os.chmod",
        "fcntl.flock",
        "tempfile.mkstemp",
    }
)
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.release.faults.warm"])


@dataclass(frozen=True, slots=True)
class Command:
    """A command line."""

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Completed:
    """A command that has exited."""

    code: int
    """The exit code; -9 if it was killed."""
    output: str

    @property
    def killed(self) -> bool:
        """Whether a signal killed it."""
        return self.code in (-signal.SIGKILL, -signal.SIGXFSZ)


class Running:
    """A running command."""

    def __init__(
        self,
        command: Command,
        log: Path,
        *,
        kill_at: int | None = None,
        max_file_size: int | None = None,
    ) -> None:
        """Starts a command.

        Args:
          command: the command.
          log: the file for its output.
          kill_at: the number of the disk change before which to kill it, starting at 1.
          max_file_size: the file size, in bytes, at which the kernel kills it.
        """
        self._log = log
        self._process = _CONTEXT.Process(
            target=_run, args=(command, str(log), kill_at, max_file_size), daemon=True
        )
        self._process.start()

    def kill(self) -> None:
        """Kills the process."""
        if self._process.pid:
            os.kill(self._process.pid, signal.SIGKILL)

    def wait(self) -> Completed:
        """Waits until it exits."""
        # Without a timeout: the test target has one, in case the command hangs.
        self._process.join()
        code = self._process.exitcode
        assert code is not None
        self._process.close()
        return Completed(code, self._log.read_text(errors="replace"))


def run(
    command: Command, log: Path, *, kill_at: int | None = None, max_file_size: int | None = None
) -> Completed:
    """Runs a command until it exits; the arguments are those of `Running`."""
    return Running(command, log, kill_at=kill_at, max_file_size=max_file_size).wait()


def _run(command: Command, log: str, kill_at: int | None, max_file_size: int | None) -> None:
    """Runs the command in the child process."""
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.environ.update(command.environment)
    module = importlib.import_module(f"release.cli.{command.name}")
    # The gate would refuse such small releases; it has its own tests.
    examination.examine = lambda release, *_, day, **__: verdicts_for(release, day)
    # Only the command's own writes should change the disk.
    sys.dont_write_bytecode = True
    # The kernel keeps the writes of a killed process; fsync only matters if the machine crashes.
    os.fsync = lambda fd: None  # noqa: ARG005
    if max_file_size is not None:
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_FSIZE, (max_file_size, max_file_size))
    if kill_at is not None:
        _arm(kill_at)
    code = 1
    try:
        code = module.app(list(command.arguments), standalone_mode=False) or 0
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _arm(kill_at: int) -> None:
    """Kills this process before its nth change of the disk."""
    count = 0

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal count
        changes = event in _CHANGES or (
            event == "open"
            and isinstance(arguments[2], int)
            and bool(arguments[2] & _WRITING)
            and not str(arguments[0]).startswith(("/dev/", "/proc/"))
        )
        if changes:
            count += 1
            if count == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)
