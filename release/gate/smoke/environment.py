"""A Python environment for one smoke test, made by uv from pinned files.

Nothing of the caller reaches it: no network, no cache, no configuration file, no environment
variable. Its content can therefore only come from the files it was given.
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

from release.gate.smoke.process import TIMEOUT, ProcessResult, run

_SHA256 = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_NETWORK = (
    *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"),
    *("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"),
)
"""Variables that say how this machine reaches a network."""

UV_PLATFORMS = {"linux": "aarch64-manylinux_2_28", "windows": "x86_64-pc-windows-msvc"}
"""uv's --python-platform for the emulated platforms, by operating system."""

_SCRIPT = re.compile(r"[^/]+\.data/scripts/(?P<name>[^/]+)")
"""A file of a wheel that installers put beside the interpreter (binary distribution format)."""


def script_name(path: str) -> str | None:
    """The name of a script, by its path in the wheel; None for any other file."""
    found = _SCRIPT.fullmatch(path)
    return found and found["name"]


def distributions(site: Path) -> dict[str, importlib.metadata.Distribution]:
    """The distributions in a directory, by name as in their metadata."""
    found = importlib.metadata.distributions(path=[str(site)])
    return {distribution.name: distribution for distribution in found}


@dataclass(frozen=True, slots=True)
class PinnedWheel:
    """A wheel to install: this file with this digest, and no other."""

    package: str
    """Name of the distribution."""
    path: Path
    """The file, an absolute path."""
    sha256: str
    """Its expected digest in hex."""

    def requirement(self) -> str:
        """The line of a requirements file that pins this file."""
        return f"{self.package} @ {self.path.as_uri()} --hash=sha256:{self.sha256}"


@dataclass(frozen=True, slots=True)
class Requirements:
    """The third-party wheels that a release's wheels may require, pinned by digest."""

    lock: Path | None = None
    """A requirements file with one hash per project; None: they may require nothing."""
    directories: tuple[Path, ...] = ()
    """The directories with the locked wheels, and possibly others."""

    def options(self) -> list[str]:
        """uv's options to accept packages from there alone, with the digests of the lock."""
        places = (str(directory.absolute()) for directory in self.directories)
        links = (word for place in places for word in ("--find-links", place))
        return [*(["--constraints", str(self.lock.absolute())] if self.lock else []), *links]

    def wheels(self) -> tuple[Path, ...]:
        """The locked wheels, found by digest, each once."""
        if self.lock is None:
            return ()
        locked = set(_SHA256.findall(self.lock.read_text(encoding="utf-8")))
        found: dict[str, Path] = {}
        for path in (
            path for directory in self.directories for path in sorted(directory.glob("*.whl"))
        ):
            with path.open("rb") as file:
                found.setdefault(hashlib.file_digest(file, "sha256").hexdigest(), path)
        return tuple(found[digest] for digest in sorted(locked & found.keys()))


@dataclass(frozen=True, slots=True)
class ForeignPython:
    """A Python of another platform, for which uv installs here."""

    uv: Path
    uv_platform: str
    """uv's --python-platform, such as aarch64-manylinux_2_28."""
    python: str
    """Minor version, such as 3.14."""

    def install(
        self, directory: Path, wheels: Sequence[PinnedWheel], requirements: Requirements | None
    ) -> None:
        """Installs wheels into a directory from which such a Python can import them.

        Args:
          directory: is created.
          wheels: the wheels.
          requirements: the wheels' dependencies come from these; None installs none.

        Raises:
          SmokeTestError: uv fails; with the end of its output.
        """
        listed = directory.with_suffix(".txt")
        listed.write_text("".join(f"{wheel.requirement()}\n" for wheel in wheels), "utf-8")
        options = ["--no-deps"] if requirements is None else requirements.options()
        run(
            [
                *(str(self.uv), "pip", "install", "--target", str(directory)),
                # uv insists on an interpreter, and cannot start one of the platform.
                *("--python", sys.executable, "--python-platform", self.uv_platform),
                *("--python-version", self.python, "--no-index", "--require-hashes"),
                *("--requirements", str(listed), *options),
                *("--offline", "--no-cache", "--no-config", "--no-progress"),
            ],
            environment={"HOME": str(directory.parent), "PATH": os.defpath, "LANG": "C.UTF-8"},
        ).expect()


@dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment below `root`, managed by `uv`."""

    root: Path
    uv: Path
    timeout: float = TIMEOUT
    """Seconds that each program may take."""

    @classmethod
    def create(
        cls, root: Path, *, uv: Path, interpreter: Path, timeout: float = TIMEOUT
    ) -> Environment:
        """Creates an empty environment in the existing directory `root`.

        Raises:
          SmokeTestError: uv fails; with the end of its output.
        """
        environment = cls(root.absolute(), uv.absolute(), timeout)
        prefix = str(environment.prefix)
        environment._call_uv("venv", "--python", str(interpreter), prefix).expect()
        return environment

    @property
    def prefix(self) -> Path:
        """Its sys.prefix; beside it are the files that programs leave in HOME and TMPDIR."""
        return self.root / "venv"

    @property
    def scripts(self) -> Path:
        """The directory of the interpreter and the console scripts."""
        return self.prefix / "bin"

    @property
    def site(self) -> Path:
        """The directory from which the interpreter imports what is installed."""
        (site,) = self.prefix.glob("lib/python*/site-packages")
        return site

    @property
    def variables(self) -> dict[str, str]:
        """All environment variables of its programs."""
        return {
            "HOME": str(self.root),
            "LANG": "C.UTF-8",
            # /etc may have a pip.conf with other indexes and directories.
            "PIP_CONFIG_FILE": os.devnull,
            "PATH": f"{self.scripts}:/usr/bin:/bin",
            "TMPDIR": str(self.root),
        }

    def distributions(self) -> dict[str, importlib.metadata.Distribution]:
        """The installed distributions, by name as in their metadata."""
        return distributions(self.site)

    def install(self, wheels: Sequence[PinnedWheel], requirements: Requirements) -> ProcessResult:
        """Installs `wheels` and their dependencies, which come from `requirements`.

        The lock only constrains: a package that no wheel requires is not installed.
        """
        return self._install(wheels, *requirements.options())

    def install_alone(self, wheels: Sequence[PinnedWheel]) -> ProcessResult:
        """Installs `wheels` without their dependencies."""
        return self._install(wheels, "--no-deps")

    def install_pinned(self, lines: Sequence[str], directories: Sequence[Path]) -> ProcessResult:
        """Installs the lines of a requirements file with hashes, from directories alone.

        The lines must include all dependencies.
        """
        links = (
            word
            for directory in directories
            for word in ("--find-links", str(directory.absolute()))
        )
        return self._install_lines(lines, *links)

    def check(self) -> ProcessResult:
        """Runs `uv pip check`: are all requirements of the installed metadata met?"""
        return self._call_uv("pip", "check", "--python", str(self.scripts / "python"))

    def run(self, program: str, *arguments: str) -> ProcessResult:
        """Runs a program of the environment by name, without a shell or standard input."""
        return self._call([str(self.scripts / program), *arguments])

    def run_python(self, *arguments: str) -> ProcessResult:
        """Runs the interpreter, which imports nothing but what is installed."""
        return self.run("python", "-I", *arguments)

    def run_online(self, program: str, *arguments: str) -> ProcessResult:
        """Runs a program that may use the network, through the proxies that are set."""
        network = {name: os.environ[name] for name in _NETWORK if name in os.environ}
        return self._call([str(self.scripts / program), *arguments], network)

    def _install(self, wheels: Sequence[PinnedWheel], *options: str) -> ProcessResult:
        return self._install_lines([wheel.requirement() for wheel in wheels], *options)

    def _install_lines(self, lines: Sequence[str], *options: str) -> ProcessResult:
        requirements = self.root / "requirements.txt"
        requirements.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return self._call_uv(
            *("pip", "install", "--python", str(self.scripts / "python")),
            *("--no-index", "--require-hashes", "--requirements", str(requirements)),
            *options,
        )

    def _call_uv(self, *arguments: str) -> ProcessResult:
        return self._call(
            [str(self.uv), *arguments, "--offline", "--no-cache", "--no-config", "--no-progress"]
        )

    def _call(self, command: list[str], more: Mapping[str, str] | None = None) -> ProcessResult:
        return run(
            command,
            environment={**self.variables, **(more or {})},
            timeout=self.timeout,
        )
