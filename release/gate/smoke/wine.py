"""Starting Windows programs under wine."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path, PureWindowsPath

from release.gate.smoke.errors import NotRunError, SmokeTestError
from release.gate.smoke.process import ProcessResult, run

_BOOT_TIMEOUT = 120.0  # seconds to create a prefix
_IDLE = 600  # seconds until the server ends without programs, as it must after a killed gate
_CLIENT_ERROR = "wine client error:"  # printed by wine when it cannot start a program


class Wine:
    """Starts Windows programs under wine."""

    drive = "Z:"
    attempts = 3
    starts_children = True
    emulated = True

    def __init__(self, wine: Path, directory: Path) -> None:
        """Programs run in the wine prefix below `directory`."""
        self._wine = wine
        self._directory = directory

    @property
    def installation(self) -> Path:
        """The wine prefix: the directory with a Windows installation."""
        return self._directory / "prefix"

    @property
    def environment(self) -> Mapping[str, str]:
        """A private Windows installation, without windows or prompts."""
        return {
            "HOME": str(self._directory),
            "LANG": "C.UTF-8",
            "PATH": os.defpath,
            "WINEARCH": "win64",
            "WINEDEBUG": "-all",
            # Else the first start asks whether to download .NET and a browser.
            "WINEDLLOVERRIDES": "mscoree,mshtml=",
            "WINEPREFIX": str(self.installation),
        }

    @property
    def prefix(self) -> tuple[str, ...]:
        """wine."""
        return (str(self._wine),)

    def command(self, program: Path, *arguments: str) -> list[str]:
        """wine, the program and its arguments."""
        return [*self.prefix, self.path(program), *arguments]

    def path(self, path: Path) -> str:
        """The path on the Windows drive to which wine maps the whole file system."""
        return str(PureWindowsPath(f"{self.drive}/", *path.absolute().parts[1:]))

    def should_retry(self, result: ProcessResult) -> bool:
        """Whether it exited with 1 and the program printed nothing.

        On a busy machine wine 8 does this once in a thousand starts. Programs that fail say why.
        """
        lines = (result.stdout + result.stderr).splitlines()
        return result.exit_code == 1 and all(line.startswith(_CLIENT_ERROR) for line in lines)


@contextmanager
def start_wine(scratch: Path) -> Iterator[tuple[Wine, str]]:
    """Yields wine with a new prefix, and its name and version; both end with the block.

    Raises:
      NotRunError: wine is not installed, or does not start.
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
    """Creates the prefix; returns wine's name and version, such as wine-8.0.

    Raises:
      NotRunError: wine does not start.
    """
    try:
        result = run([program, "--version"], environment=wine.environment).expect()
        wine.installation.mkdir()
        # By default the server ends with the last program, or seconds after it, and loses a program
        # that starts at that moment.
        _server(wine, f"--persistent={_IDLE}")
        boot = [program, "wineboot", "--init"]
        run(boot, environment=wine.environment, timeout=_BOOT_TIMEOUT).expect()
    except SmokeTestError as error:
        raise NotRunError(f"wine does not start: {error}") from error
    words = result.stdout.split()
    return words[0] if words else "wine"


def _end(wine: Wine) -> None:
    """Ends the processes that wine leaves in other sessions."""
    # A failure here says nothing about the programs that ran.
    with suppress(SmokeTestError):
        _server(wine, "--kill")


def _server(wine: Wine, argument: str) -> None:
    """Calls wine's server, where it is installed.

    Raises:
      SmokeTestError: it does not start, or times out.
    """
    server = shutil.which("wineserver") or shutil.which("wineserver", path="/usr/lib/wine")
    if server:
        run([server, argument], environment=wine.environment, name="wineserver")
