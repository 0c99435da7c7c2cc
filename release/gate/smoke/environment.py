"""A Python environment that lives as long as one trial, made by uv from exact files.

Nothing of the caller reaches it: no network, no cache, no configuration file, no environment
variable. What it holds can therefore only come from the files it was given.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from release.gate.smoke.process import TIMEOUT, Done, run

_SHA256 = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_NETWORK = (
    *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"),
    *("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"),
)
"""Variables by which a machine says how it reaches a network."""


_SCRIPT = re.compile(r"[^/]+\.data/scripts/(?P<name>[^/]+)")
"""A file of a wheel that installers put beside the interpreter (binary distribution format)."""


def script_name(path: str) -> str | None:
    """The name of a file in a wheel's directory of scripts, by its path; None of any other file."""
    found = _SCRIPT.fullmatch(path)
    return found and found["name"]


@dataclass(frozen=True, slots=True)
class ExactWheel:
    """One wheel to install: this file, with these bytes, and no other."""

    package: str
    """Name of the distribution."""
    path: Path
    """Where the file lies, an absolute path."""
    sha256: str
    """Digest that it must have, in hex."""

    def requirement(self) -> str:
        """The line of a requirements file that asks for exactly this file."""
        return f"{self.package} @ {self.path.as_uri()} --hash=sha256:{self.sha256}"


@dataclass(frozen=True, slots=True)
class Requirements:
    """The wheels of others that a release's wheels may ask for, in exact bytes."""

    lock: Path
    """A requirements file with one hash for each project."""
    directories: tuple[Path, ...]
    """Where the wheels lie that it names; more may lie there."""

    def options(self) -> list[str]:
        """uv's options to look for packages there alone, in the bytes of the lock."""
        places = (str(directory.absolute()) for directory in self.directories)
        links = (word for place in places for word in ("--find-links", place))
        return ["--constraints", str(self.lock.absolute()), *links]

    def wheels(self) -> tuple[Path, ...]:
        """The wheels that the lock names by their digest, each once."""
        wanted = set(_SHA256.findall(self.lock.read_text(encoding="utf-8")))
        found: dict[str, Path] = {}
        for path in (
            path for directory in self.directories for path in sorted(directory.glob("*.whl"))
        ):
            with path.open("rb") as file:
                found.setdefault(hashlib.file_digest(file, "sha256").hexdigest(), path)
        return tuple(found[digest] for digest in sorted(wanted & found.keys()))


@dataclass(frozen=True, slots=True)
class ForeignPython:
    """A Python of another platform, as uv is told of it."""

    uv: Path
    system: str
    """uv's --python-platform, such as aarch64-manylinux_2_28."""
    python: str
    """Minor version, such as 3.14."""

    def install(
        self, directory: Path, wheels: Sequence[ExactWheel], requirements: Requirements | None
    ) -> None:
        """Installs wheels into a directory that such a Python can look for packages in.

        Args:
          directory: is made.
          wheels: exact files.
          requirements: what they declare is installed out of these; nothing of it without.

        Raises:
          TrialError: uv refuses; with its words.
        """
        listed = directory.with_suffix(".txt")
        listed.write_text("".join(f"{wheel.requirement()}\n" for wheel in wheels), "utf-8")
        options = ["--no-deps"] if requirements is None else requirements.options()
        run(
            [
                *(str(self.uv), "pip", "install", "--target", str(directory)),
                # An interpreter is asked for where none of the platform can be started.
                *("--python", sys.executable, "--python-platform", self.system),
                *("--python-version", self.python, "--no-index", "--require-hashes"),
                *("--requirements", str(listed), *options),
                *("--offline", "--no-cache", "--no-config", "--no-progress"),
            ],
            environment={"HOME": str(directory.parent), "PATH": os.defpath, "LANG": "C.UTF-8"},
        ).expect()


@dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment below `root`, changed and asked through `uv`."""

    root: Path
    uv: Path
    timeout: float = TIMEOUT
    """Seconds that each program may take."""

    @classmethod
    def create(
        cls, root: Path, *, uv: Path, interpreter: Path, timeout: float = TIMEOUT
    ) -> Environment:
        """Makes an empty environment in the existing directory `root`.

        Raises:
          TrialError: uv refuses; with its words.
        """
        environment = cls(root.absolute(), uv.absolute(), timeout)
        prefix = str(environment.prefix)
        environment._call_uv("venv", "--python", str(interpreter), prefix).expect()
        return environment

    @property
    def prefix(self) -> Path:
        """What is sys.prefix inside; beside it lies what programs leave in HOME and TMPDIR."""
        return self.root / "venv"

    @property
    def scripts(self) -> Path:
        """The directory of the interpreter and the console scripts."""
        return self.prefix / "bin"

    def distributions(self) -> dict[str, importlib.metadata.Distribution]:
        """What is installed, by name as its metadata spells it."""
        sites = [str(site) for site in self.prefix.glob("lib/python*/site-packages")]
        found = importlib.metadata.distributions(path=sites)
        return {distribution.name: distribution for distribution in found}

    def place(self, distribution: importlib.metadata.Distribution, path: str) -> Path:
        """Where a file of an installed wheel is, given its path in the wheel."""
        script = script_name(path)
        if script is not None:
            return self.scripts / script
        return Path(str(distribution.locate_file(""))) / path

    def install(self, wheels: Sequence[ExactWheel], requirements: Requirements) -> Done:
        """Installs `wheels` and, out of `requirements`, what they declare.

        The lock only constrains: a package that no wheel declares stays away.
        """
        return self._install(wheels, *requirements.options())

    def install_alone(self, wheels: Sequence[ExactWheel]) -> Done:
        """Installs `wheels`, and nothing that they declare."""
        return self._install(wheels, "--no-deps")

    def install_pinned(self, lines: Sequence[str], directories: Sequence[Path]) -> Done:
        """Installs what the lines of a requirements file name by hash, out of directories alone.

        What one of them declares must be among the lines too.
        """
        links = (
            word
            for directory in directories
            for word in ("--find-links", str(directory.absolute()))
        )
        return self._install_lines(lines, *links)

    def check(self) -> Done:
        """`uv pip check`: is everything there that the installed metadata asks for?"""
        return self._call_uv("pip", "check", "--python", str(self.scripts / "python"))

    def run(self, program: str, *arguments: str) -> Done:
        """Runs a program of the environment by its name, without a shell or standard input."""
        return self._call([str(self.scripts / program), *arguments])

    def run_online(self, program: str, *arguments: str) -> Done:
        """The same for a program that may reach a network, by the proxies that are set."""
        network = {name: os.environ[name] for name in _NETWORK if name in os.environ}
        return self._call([str(self.scripts / program), *arguments], network)

    def _install(self, wheels: Sequence[ExactWheel], *options: str) -> Done:
        return self._install_lines([wheel.requirement() for wheel in wheels], *options)

    def _install_lines(self, lines: Sequence[str], *options: str) -> Done:
        requirements = self.root / "requirements.txt"
        requirements.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return self._call_uv(
            *("pip", "install", "--python", str(self.scripts / "python")),
            *("--no-index", "--require-hashes", "--requirements", str(requirements)),
            *options,
        )

    def _call_uv(self, *arguments: str) -> Done:
        return self._call(
            [str(self.uv), *arguments, "--offline", "--no-cache", "--no-config", "--no-progress"]
        )

    def _call(self, command: list[str], more: Mapping[str, str] | None = None) -> Done:
        return run(
            command,
            environment={
                "HOME": str(self.root),
                "LANG": "C.UTF-8",
                # /etc may hold a pip.conf with indexes and directories of its own.
                "PIP_CONFIG_FILE": os.devnull,
                "PATH": f"{self.scripts}:/usr/bin:/bin",
                "TMPDIR": str(self.root),
                **(more or {}),
            },
            timeout=self.timeout,
        )
