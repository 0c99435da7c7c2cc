"""Starting programs of platforms that are not this machine's: aarch64 Linux and Windows."""

from __future__ import annotations

import os
import shlex
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path, PureWindowsPath

from release.gate.smoke.candidate import NotRunError
from release.gate.smoke.process import Done, SmokeTestError, run

_LINKER_VARIABLE = "IREE_LLVM_EMBEDDED_LINKER_PATH"
_STARTING = 120.0  # seconds for a new Windows of wine's
_IDLE = 600  # seconds that its server waits for another program; a killed gate leaves it that long
_UNLINKED = "Linking failed;"  # what the compiler says when its linker does not end well
_WORDS = "wine client error:"  # what wine itself says, of a program that it could not start


class Qemu:
    """Starts aarch64 Linux programs under qemu's user mode emulation.

    A program that starts another one, as the compiler starts its linker, hands it to this machine's
    kernel, which cannot run it: so the compiler is given a script that starts the linker under
    qemu. The processor is an old one, which every aarch64 machine can do what it can.
    """

    _PROCESSOR = "cortex-a72"

    def __init__(self, qemu: Path, root: Path, scratch: Path) -> None:
        """Starts programs with `root` as what they find of a system; scripts go to `scratch`."""
        self._start = [str(qemu), "-cpu", self._PROCESSOR, "-L", str(root)]
        self._scratch = scratch

    @property
    def environment(self) -> Mapping[str, str]:
        """Where the shell is, and a neutral language."""
        return {
            "HOME": str(self._scratch),
            "LANG": "C.UTF-8",
            "PATH": os.defpath,
            "TMPDIR": str(self._scratch),
        }

    def command(self, program: Path, *arguments: str) -> list[str]:
        """qemu, and the linker that lies beside the program."""
        linker = program.resolve().with_name("iree-lld")
        return [*self._start, *self.with_linker(linker), str(program), *arguments]

    def with_linker(self, linker: Path) -> list[str]:
        """Words for qemu that make a compiler use a linker; none where there is no such linker."""
        if not linker.exists():
            return []
        descriptor, script = tempfile.mkstemp(dir=self._scratch, prefix="iree-lld-")
        with os.fdopen(descriptor, "w") as file:
            file.write(f'#!/bin/sh\nexec {shlex.join([*self._start, str(linker)])} "$@"\n')
        Path(script).chmod(0o755)
        return ["-E", f"{_LINKER_VARIABLE}={script}"]

    def python(self, executable: Path, packages: Path, *arguments: str) -> list[str]:
        """What starts a Python that finds packages in a directory, and nothing else of a user's."""
        linker = packages / "iree/compiler/_mlir_libs/iree-lld"
        path = ["-E", f"PYTHONPATH={packages}"]
        return [*self._start, *self.with_linker(linker), *path, str(executable), "-sP", *arguments]

    def path(self, path: Path) -> str:
        """The same path, made absolute."""
        return str(path.absolute())

    def stumbled(self, done: Done) -> bool:  # noqa: ARG002 # as the protocol has it
        """Never: qemu says what it cannot do."""
        return False


class Wine:
    """Starts Windows programs under wine."""

    def __init__(self, wine: Path, directory: Path) -> None:
        """Starts programs in the Windows that lies in `directory`."""
        self._wine = wine
        self._directory = directory

    @property
    def prefix(self) -> Path:
        """The directory that wine calls its prefix."""
        return self._directory / "prefix"

    @property
    def environment(self) -> Mapping[str, str]:
        """A Windows of its own, without windows or questions."""
        return {
            "HOME": str(self._directory),
            "LANG": "C.UTF-8",
            "PATH": os.defpath,
            "WINEARCH": "win64",
            "WINEDEBUG": "-all",
            # Else the first start asks whether to download .NET and a browser.
            "WINEDLLOVERRIDES": "mscoree,mshtml=",
            "WINEPREFIX": str(self.prefix),
        }

    def command(self, program: Path, *arguments: str) -> list[str]:
        """wine, the program and its arguments."""
        return [str(self._wine), self.path(program), *arguments]

    def path(self, path: Path) -> str:
        """The path as a drive of Windows has it, on which wine puts the whole file system."""
        return str(PureWindowsPath("Z:/", *path.absolute().parts[1:]))

    def stumbled(self, done: Done) -> bool:
        """Whether it ended with 1, and nobody or only wine said why.

        On a busy machine wine 8 does so once in a thousand starts; a tool of ours that fails says
        why. So does the linker that the compiler starts: without its words it was lost.
        """
        said = (done.stdout + done.stderr).splitlines()
        silent = all(line.startswith(_WORDS) for line in said)
        linker = any(line.startswith(_UNLINKED) for line in said)
        lost = linker and not any("lld" in line and "error:" in line for line in said)
        return done.exit_code == 1 and (silent or lost)


@contextmanager
def started_wine(scratch: Path) -> Iterator[tuple[Wine, str]]:
    """A new Windows of wine's, and wine's name and version; all of it ends with the block.

    Raises:
      NotRunError: there is no wine, or it does not start.
    """
    found = shutil.which("wine64") or shutil.which("wine")
    if found is None:
        raise NotRunError("wine is not on PATH (on Debian: apt-get install wine)")
    with tempfile.TemporaryDirectory(dir=scratch, ignore_cleanup_errors=True) as directory:
        wine = Wine(Path(found), Path(directory))
        try:
            yield wine, _boot(found, wine)
        finally:
            _end(wine)


def _boot(program: str, wine: Wine) -> str:
    """Makes the new Windows; returns wine's name and version, such as wine-8.0.

    Raises:
      NotRunError: it does not start.
    """
    try:
        said = run([program, "--version"], environment=wine.environment).expect().stdout.split()
        wine.prefix.mkdir()
        # Left alone, the server ends with the last program, or seconds after it, and loses one that
        # starts just then.
        _server(wine, f"--persistent={_IDLE}")
        boot = [program, "wineboot", "--init"]
        run(boot, environment=wine.environment, timeout=_STARTING).expect()
    except SmokeTestError as error:
        raise NotRunError(f"wine does not start: {error}") from error
    return said[0] if said else "wine"


def _end(wine: Wine) -> None:
    """Ends the processes that wine leaves behind a program, in sessions of their own."""
    # A wine that cannot be ended says nothing about what was tried under it.
    with suppress(SmokeTestError):
        _server(wine, "--kill")


def _server(wine: Wine, argument: str) -> None:
    """Calls the program that serves a Windows, where there is one.

    Raises:
      SmokeTestError: it does not start, or takes too long.
    """
    server = shutil.which("wineserver") or shutil.which("wineserver", path="/usr/lib/wine")
    if server:
        run([server, argument], environment=wine.environment, name="wineserver")
