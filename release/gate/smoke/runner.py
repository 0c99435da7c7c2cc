"""How smoke tests start programs of a platform: the protocol, and this machine's own programs."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from release.gate.smoke.errors import SmokeTestError
from release.gate.smoke.probes import Probe
from release.gate.smoke.process import TIMEOUT, ProcessResult, run

EMULATED_TIMEOUT = 900.0
"""Seconds that an emulated program may take; the slowest takes about sixty."""


class Runner(Protocol):
    """Starts the programs of one platform on this machine."""

    @property
    def environment(self) -> Mapping[str, str]:
        """All environment variables of a program."""

    @property
    def prefix(self) -> tuple[str, ...]:
        """The words of a command line before the program."""

    @property
    def drive(self) -> str | None:
        """The drive that is this machine's file system, where programs have drives."""

    @property
    def attempts(self) -> int:
        """How often a program is started at most, if the runner fails."""

    @property
    def starts_children(self) -> bool:
        """Whether a program can itself start another one of its platform."""

    @property
    def emulated(self) -> bool:
        """Whether this machine is of another platform."""

    def command(self, program: Path, *arguments: str) -> list[str]:
        """The command line that starts a program, given its path on this machine."""

    def path(self, path: Path) -> str:
        """The name by which a program of the platform opens a path of this machine."""

    def should_retry(self, result: ProcessResult) -> bool:
        """Whether the runner failed, and not the program."""


class NativeRunner:
    """Starts the programs of this machine's own platform."""

    prefix: tuple[str, ...] = ()
    drive = None
    attempts = 1
    starts_children = True
    emulated = False

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        """Programs get the environment; by default the system's programs, in plain English."""
        self._environment = environment

    @property
    def environment(self) -> Mapping[str, str]:
        """The environment that was given, or the default."""
        if self._environment is not None:
            return self._environment
        return {"LANG": "C.UTF-8", "PATH": os.defpath, "TMPDIR": tempfile.gettempdir()}

    def command(self, program: Path, *arguments: str) -> list[str]:
        """The program and its arguments."""
        return [*self.prefix, str(program), *arguments]

    def path(self, path: Path) -> str:
        """The absolute path."""
        return str(path.absolute())

    def should_retry(self, result: ProcessResult) -> bool:  # noqa: ARG002 # as the protocol has it
        """Never: nothing stands between this machine and its programs."""
        return False


def call(runner: Runner, program: Path, *arguments: str, timeout: float = TIMEOUT) -> ProcessResult:
    """Runs a program to its end; again where only the runner failed.

    Raises:
      SmokeTestError: it does not start, or times out.
    """
    for _ in range(runner.attempts):
        result = run(
            runner.command(program, *arguments),
            environment=runner.environment,
            timeout=timeout,
            name=program.name,
        )
        if not runner.should_retry(result):
            break
    return result


def check_programs(
    programs: Mapping[str, Path],
    probes: Mapping[str, Probe],
    runner: Runner,
    timeout: float = TIMEOUT,
) -> None:
    """Calls every program and checks its output.

    Args:
      programs: the path of each, by its name without a suffix.
      probes: the call and the expected output of each.
      runner: starts them.
      timeout: seconds that each may take.

    Raises:
      SmokeTestError: one fails its probe, or is missing.
    """
    for name, probe in probes.items():
        if name not in programs:
            raise SmokeTestError(f"{name} is missing")
        probe.check(call(runner, programs[name], *probe.arguments, timeout=timeout))
