"""A verb in a process of its own, which is killed at a given point.

Local writes are seen by Python's audit events, so nothing in the verbs knows of this: before each
one that changes the disk the process may be killed. Writes to an open file have no event; there
the kernel kills, at a given size (RLIMIT_FSIZE).
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
class Verb:
    """A command line."""

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ended:
    """How it ended."""

    code: int
    """The exit code; -9 when it was killed."""
    output: str
    """What it printed."""

    @property
    def killed(self) -> bool:
        """Whether it did not end by itself."""
        return self.code in (-signal.SIGKILL, -signal.SIGXFSZ)


class Running:
    """A verb that runs."""

    def __init__(
        self, verb: Verb, log: Path, *, kill_at: int | None = None, largest: int | None = None
    ) -> None:
        """Starts a verb.

        Args:
          verb: what to run.
          log: where its output goes.
          kill_at: the change of the disk before which it is killed, from 1.
          largest: bytes of a file at which the kernel kills it.
        """
        self._log = log
        self._process = _CONTEXT.Process(
            target=_run, args=(verb, str(log), kill_at, largest), daemon=True
        )
        self._process.start()

    def kill(self) -> None:
        """Kills it."""
        if self._process.pid:
            os.kill(self._process.pid, signal.SIGKILL)

    def wait(self) -> Ended:
        """Waits until it ends."""
        # Without a limit: one that hangs is ended by the time limit of the target.
        self._process.join()
        code = self._process.exitcode
        assert code is not None
        self._process.close()
        return Ended(code, self._log.read_text(errors="replace"))


def run(verb: Verb, log: Path, *, kill_at: int | None = None, largest: int | None = None) -> Ended:
    """Runs a verb until it ends; arguments are those of `Running`."""
    return Running(verb, log, kill_at=kill_at, largest=largest).wait()


def _run(verb: Verb, log: str, kill_at: int | None, largest: int | None) -> None:
    """In the child: becomes the verb."""
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.environ.update(verb.environment)
    module = importlib.import_module(f"release.cli.{verb.name}")
    # The gate would refuse releases as small as these; it has tests of its own.
    examination.examine = lambda release, *_, day, **__: verdicts_for(release, day)
    # What changes the disk are then the verb's own writes alone.
    sys.dont_write_bytecode = True
    # A process that is killed leaves to the kernel what it has written; only machines need this.
    os.fsync = lambda fd: None  # noqa: ARG005
    if largest is not None:
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))
    if kill_at is not None:
        _arm(kill_at)
    code = 1
    try:
        code = module.app(list(verb.arguments), standalone_mode=False) or 0
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _arm(kill_at: int) -> None:
    """Kills this process before its nth change of the disk."""
    count = 0

    def seen(event: str, arguments: tuple[object, ...]) -> None:
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

    sys.addaudithook(seen)
