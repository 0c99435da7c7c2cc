"""The tools that fetch locked wheels and build the wheels of a companion."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from release.gate.smoke import sizes
from release.model.errors import Refused, RemoteError, UsageError
from toolchains.debian.errors import UnavailableError
from toolchains.debian.user_cache import user_cache
from toolchains.wheels import lock as lock_files
from toolchains.wheels.lock import LockError

_LOCK = re.compile(r"(?P<platform>\w+)-cp(?P<major>\d)(?P<minor>\d+)\.txt")
_PIN = re.compile(r"^(\S+)==(\S+) --hash=sha256:([0-9a-f]{64})$", re.MULTILINE)
_UNREACHABLE = 75
_USAGE = 2


@dataclass(frozen=True, slots=True)
class Pin:
    """A wheel that a lock pins."""

    project: str
    version: str
    sha256: str
    """Digest in hex."""


@dataclass(frozen=True, slots=True)
class Tools:
    """The tools, and their locks."""

    assemble: Path
    """The tool of the product that builds the wheels."""
    fetch: Path
    """//toolchains/wheels:fetch_wheels."""
    source: Path
    """The lock of the companion itself."""
    locks: Mapping[tuple[str, str], Path]
    """The locks of its dependencies, by platform and Python."""
    companion: str
    """The name of the companion, for messages."""
    package: str
    """The directory of the locks in the workspace, for messages."""

    @classmethod
    def from_environment(cls, companion: str, environ: Mapping[str, str] = os.environ) -> Tools:
        """The tools that the variables TURBINE_* name; release/cli/BUILD.bazel sets them.

        Args:
          companion: the name of the companion, for messages.
          environ: the environment.

        Raises:
          UsageError: a variable is not set, because Bazel did not start the program.
        """
        try:
            paths = {
                name: Path(environ[f"TURBINE_{name.upper()}"]).absolute()
                for name in ("assemble", "fetch", "source")
            }
            listed = environ["TURBINE_LOCKS"].split()
        except KeyError as error:
            raise UsageError(
                f"${error.args[0]} is not set; start the command with `./bazelw run //release:NAME`"
            ) from None
        locks = {
            (found["platform"], f"{found['major']}.{found['minor']}"): Path(path).absolute()
            for path in listed
            if (found := _LOCK.fullmatch(Path(path).name))
        }
        package = Path(environ["TURBINE_SOURCE"]).parent.as_posix()
        return cls(**paths, locks=locks, companion=companion, package=package)

    def make(self, source: Path, version: str, core: str, output: Path) -> None:
        """Builds the wheels of the companion and of its former names in a directory.

        Raises:
          Refused: the source is not a wheel of the companion.
        """
        with tempfile.TemporaryDirectory() as scratch:
            request = Path(scratch, "request.json")
            content = {
                "source": str(source.absolute()),
                "version": version,
                "core": core,
                "output": str(output.absolute()),
                "report": str(Path(scratch, "report.json")),
            }
            request.write_text(json.dumps(content))
            result = subprocess.run([self.assemble, request], stderr=subprocess.PIPE, text=True)
        if result.returncode:
            raise Refused(result.stderr.strip().removeprefix("error: "))

    def fetch_source(self, output: Path) -> Path:
        """Fetches the pinned wheel of the companion to a directory, and returns its path.

        Raises:
          Refused, RemoteError: as `fetch_locked`.
        """
        self._fetch(self.source, "any platform", ["--python-version=3.11"], output)
        (wheel,) = output.glob("*.whl")
        return wheel

    def fetch_locked(
        self,
        platform: str,
        python: str,
        platform_tags: tuple[str, ...],
        output: Path,
        report: Callable[[str], None],
    ) -> None:
        """Fetches all wheels of a lock to a directory; wheels in the cache are not downloaded.

        Args:
          platform: name of the platform.
          python: minor version, such as 3.14.
          platform_tags: the tags of wheels that the platform accepts.
          output: the directory.
          report: called with the size of the download, if anything is downloaded.

        Raises:
          Refused: the registry lacks a wheel that the lock pins.
          RemoteError: the registry could not be reached; a rerun may succeed.
        """
        options = [f"--python-version={python}"]
        options += [f"--abi={abi}" for abi in (f"cp{python.replace('.', '')}", "abi3")]
        options += [f"--platform={tag}" for tag in platform_tags]
        lock = self.locks[platform, python]
        try:
            cache, locked = user_cache() / "payload", lock_files.read(lock, _display_name(lock))
        except (UnavailableError, LockError) as error:
            raise UsageError(str(error)) from error
        purpose = f"{self.companion} requires on {platform} with Python {python}"
        if message := sizes.wheels(locked, cache, purpose):
            report(message)
        self._fetch(lock, f"{platform}, Python {python}", options, output)

    def _fetch(self, lock: Path, label: str, options: list[str], output: Path) -> None:
        output.mkdir(parents=True, exist_ok=True)
        result = subprocess.run(
            [
                self.fetch,
                *(f"--lock={lock}", f"--lock-name={self.package}/{_display_name(lock)}"),
                *(
                    f"--fix=./bazelw run //{self.package}:lock",
                    f"--label={label}",
                    f"--output={output.absolute()}",
                ),
                *options,
            ],
            stderr=subprocess.PIPE,
            text=True,
        )
        if result.returncode:
            message = result.stderr.strip().splitlines() or ["the fetch failed without a message"]
            errors = {_UNREACHABLE: RemoteError, _USAGE: UsageError}
            raise errors.get(result.returncode, Refused)(message[-1])


def pins(lock: Path) -> tuple[Pin, ...]:
    """The wheels that a lock pins, in file order."""
    return tuple(Pin(*found) for found in _PIN.findall(lock.read_text(encoding="utf-8")))


def _display_name(lock: Path) -> str:
    return lock.name if lock.name == "source.txt" else f"locks/{lock.name}"
