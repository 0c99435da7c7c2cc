"""Starting aarch64 Linux programs under qemu's user mode emulation."""

from __future__ import annotations

import os
import shlex
import tempfile
from collections.abc import Mapping
from pathlib import Path

from release.gate.smoke.process import ProcessResult

_LINKER_VARIABLE = "IREE_LLVM_EMBEDDED_LINKER_PATH"


class Qemu:
    """Starts aarch64 Linux programs under qemu.

    When such a program starts another one, as the compiler starts its linker, this machine's kernel
    gets it and cannot run it: so the compiler is given a script that starts the linker under qemu.
    The emulated processor is an old one: every aarch64 machine has its instructions.
    """

    _PROCESSOR = "cortex-a72"

    def __init__(self, qemu: Path, root: Path, scratch: Path) -> None:
        """Programs see `root` as their root file system; scripts are written to `scratch`."""
        self._start = [str(qemu), "-cpu", self._PROCESSOR, "-L", str(root)]
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
        """qemu, the linker beside the program if it has one, and the program."""
        linker = program.resolve().with_name("iree-lld")
        return [*self._start, *self.with_linker(linker), str(program), *arguments]

    def with_linker(self, linker: Path) -> list[str]:
        """Arguments for qemu that make a compiler use `linker`; none if it does not exist."""
        if not linker.exists():
            return []
        descriptor, script = tempfile.mkstemp(dir=self._scratch, prefix="iree-lld-")
        with os.fdopen(descriptor, "w") as file:
            file.write(f'#!/bin/sh\nexec {shlex.join([*self._start, str(linker)])} "$@"\n')
        Path(script).chmod(0o755)
        return ["-E", f"{_LINKER_VARIABLE}={script}"]

    def python(self, executable: Path, packages: Path, *arguments: str) -> list[str]:
        """The command of a Python that imports from `packages` and from nothing of the user's."""
        linker = packages / "iree/compiler/_mlir_libs/iree-lld"
        path = ["-E", f"PYTHONPATH={packages}"]
        return [*self._start, *self.with_linker(linker), *path, str(executable), "-sP", *arguments]

    def path(self, path: Path) -> str:
        """The absolute path."""
        return str(path.absolute())

    def should_retry(self, result: ProcessResult) -> bool:  # noqa: ARG002 # as the protocol has it
        """Never: qemu's failures do not pass."""
        return False
