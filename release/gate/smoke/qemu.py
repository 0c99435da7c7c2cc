"""Starting aarch64 Linux programs under qemu's user mode emulation."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from release.gate.smoke.process import ProcessResult


class Qemu:
    """Starts aarch64 Linux programs under qemu.

    When such a program starts another one, this machine's kernel gets it and cannot run it. The
    emulated processor is an old one: every aarch64 machine has its instructions.
    """

    _PROCESSOR = "cortex-a72"

    drive = None
    attempts = 1
    starts_children = False
    emulated = True

    def __init__(self, qemu: Path, root: Path, scratch: Path) -> None:
        """Programs see `root` as their root file system; temporary files are in `scratch`."""
        self.prefix = (str(qemu), "-cpu", self._PROCESSOR, "-L", str(root))
        self._scratch = scratch

    @property
    def environment(self) -> Mapping[str, str]:
        """The shell's directory, and a neutral language."""
        return {
            "HOME": str(self._scratch),
            "LANG": "C.UTF-8",
            "PATH": os.defpath,
            "TMPDIR": str(self._scratch),
        }

    def command(self, program: Path, *arguments: str) -> list[str]:
        """qemu, the program and its arguments."""
        return [*self.prefix, str(program), *arguments]

    def python(self, executable: Path, packages: Path, *arguments: str) -> list[str]:
        """The command of a Python that imports from `packages` and from nothing of the user's."""
        path = ["-E", f"PYTHONPATH={packages}"]
        return [*self.prefix, *path, str(executable), "-sP", *arguments]

    def path(self, path: Path) -> str:
        """The absolute path."""
        return str(path.absolute())

    def should_retry(self, result: ProcessResult) -> bool:  # noqa: ARG002 # as the protocol has it
        """Never: qemu's failures do not pass."""
        return False
