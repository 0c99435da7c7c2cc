"""How smoke tests start programs of a platform: the protocol, and this machine's own programs."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from release.gate.smoke.process import ProcessResult

EMULATED_TIMEOUT = 900.0
"""Seconds that an emulated program may take; the slowest takes about sixty."""


class Runner(Protocol):
    """Starts the programs of one platform on this machine."""

    @property
    def environment(self) -> Mapping[str, str]:
        """All environment variables of a program."""

    def command(self, program: Path, *arguments: str) -> list[str]:
        """The command line that starts a program, given its path on this machine."""

    def path(self, path: Path) -> str:
        """The name by which a program of the platform opens a path of this machine."""

    def should_retry(self, result: ProcessResult) -> bool:
        """Whether the runner failed, and not the program."""


class NativeRunner:
    """Starts the programs of this machine's own platform."""

    @property
    def environment(self) -> Mapping[str, str]:
        """The system's programs, and a neutral language."""
        return {"LANG": "C.UTF-8", "PATH": os.defpath, "TMPDIR": tempfile.gettempdir()}

    def command(self, program: Path, *arguments: str) -> list[str]:
        """The program and its arguments."""
        return [str(program), *arguments]

    def path(self, path: Path) -> str:
        """The absolute path."""
        return str(path.absolute())

    def should_retry(self, result: ProcessResult) -> bool:  # noqa: ARG002 # as the protocol has it
        """Never: nothing stands between this machine and its programs."""
        return False
