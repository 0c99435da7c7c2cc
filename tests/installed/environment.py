"""A Python environment that lives as long as one test, made by uv from exact files.

Nothing of the caller reaches it: no network, no cache, no configuration file, no environment
variable. What it holds can therefore only come from the files it was given.
"""

from __future__ import annotations

import dataclasses
import importlib.metadata
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path


@dataclasses.dataclass(frozen=True, slots=True)
class ExactWheel:
    """One wheel to install: this file, with these bytes, and no other."""

    package: str
    path: Path
    sha256: str

    def requirement(self) -> str:
        """The line of a requirements file that asks for exactly this file."""
        return f"{self.package} @ {self.path.as_uri()} --hash=sha256:{self.sha256}"


@dataclasses.dataclass(frozen=True, slots=True)
class Done:
    """How a program in the environment ended, and all it said."""

    exit_code: int
    stdout: str
    stderr: str

    def expect(self, exit_code: int = 0) -> Done:
        """Itself; raises AssertionError with all it said if it ended otherwise."""
        if self.exit_code != exit_code:
            raise AssertionError(f"exit code {self.exit_code}\n{self.stdout}\n{self.stderr}")
        return self


@dataclasses.dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment below `root`, changed and asked through `uv`."""

    root: Path
    uv: Path

    @classmethod
    def create(cls, root: Path, *, uv: Path, interpreter: Path) -> Environment:
        """Makes an empty environment in the existing folder `root`.

        Raises AssertionError with uv's words if it refuses.
        """
        environment = cls(root.absolute(), uv.absolute())
        prefix = str(environment.prefix)
        environment._call_uv("venv", "--python", str(interpreter), prefix).expect()
        return environment

    @property
    def prefix(self) -> Path:
        """What is sys.prefix inside; beside it lies what programs leave in HOME and TMPDIR."""
        return self.root / "venv"

    @property
    def scripts(self) -> Path:
        """The folder of the interpreter and the console scripts."""
        return self.prefix / "bin"

    def distributions(self) -> dict[str, importlib.metadata.Distribution]:
        """What is installed, by name as its metadata spells it."""
        sites = [str(site) for site in self.prefix.glob("lib/python*/site-packages")]
        found = importlib.metadata.distributions(path=sites)
        return {distribution.name: distribution for distribution in found}

    def install(self, wheels: Sequence[ExactWheel], *, lock: Path, find_links: Path) -> Done:
        """Installs `wheels` and, out of `find_links`, what they declare in the bytes of `lock`.

        The lock only constrains: a package that no wheel declares stays away.
        """
        return self._install(
            wheels,
            *("--constraints", str(lock.absolute())),
            *("--find-links", str(find_links.absolute())),
        )

    def install_alone(self, wheels: Sequence[ExactWheel]) -> Done:
        """Installs `wheels`, and nothing that they declare."""
        return self._install(wheels, "--no-deps")

    def check(self) -> Done:
        """`uv pip check`: is everything there that the installed metadata asks for?"""
        return self._call_uv("pip", "check", "--python", str(self.scripts / "python"))

    def run(self, program: str, *arguments: str) -> Done:
        """Runs a program of the environment by its name, without a shell or standard input."""
        return self._call([str(self.scripts / program), *arguments])

    def _install(self, wheels: Sequence[ExactWheel], *options: str) -> Done:
        requirements = self.root / "requirements.txt"
        lines = [f"{wheel.requirement()}\n" for wheel in wheels]
        requirements.write_text("".join(lines), encoding="utf-8")
        return self._call_uv(
            *("pip", "install", "--python", str(self.scripts / "python")),
            *("--no-index", "--require-hashes", "--requirements", str(requirements)),
            *options,
        )

    def _call_uv(self, *arguments: str) -> Done:
        return self._call(
            [str(self.uv), *arguments, "--offline", "--no-cache", "--no-config", "--no-progress"]
        )

    def _call(self, command: list[str]) -> Done:
        done = subprocess.run(
            command,
            env={
                "HOME": str(self.root),
                "LANG": "C.UTF-8",
                # /etc may hold a pip.conf with indexes and folders of its own.
                "PIP_CONFIG_FILE": os.devnull,
                "PATH": f"{self.scripts}:/usr/bin:/bin",
                "TMPDIR": str(self.root),
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)
