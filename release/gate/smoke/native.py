"""Starting programs of a platform: what every runner does, and the one that has nothing to do."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from release.gate.smoke.process import Done


class Runner(Protocol):
    """Starts the programs of one platform on this machine."""

    @property
    def environment(self) -> Mapping[str, str]:
        """All environment variables that a program is started with."""

    def command(self, program: Path, *arguments: str) -> list[str]:
        """What starts a program of that platform, given where it lies on this machine."""

    def path(self, path: Path) -> str:
        """What a program of that platform calls a file or directory of this machine."""

    def stumbled(self, done: Done) -> bool:
        """Whether what runs the programs, and not the program, ended so: then once more."""


class NativeRunner:
    """Starts the programs of this machine's own platform."""

    @property
    def environment(self) -> Mapping[str, str]:
        """Where the system's programs are, and a neutral language."""
        return {"LANG": "C.UTF-8", "PATH": os.defpath, "TMPDIR": tempfile.gettempdir()}

    def command(self, program: Path, *arguments: str) -> list[str]:
        """The program itself, and its arguments."""
        return [str(program), *arguments]

    def path(self, path: Path) -> str:
        """The same path, made absolute."""
        return str(path.absolute())

    def stumbled(self, done: Done) -> bool:  # noqa: ARG002 # as the protocol has it
        """Never: nothing stands between this machine and its programs."""
        return False
