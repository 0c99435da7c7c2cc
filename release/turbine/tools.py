"""The tools of `//packaging` that fetch what a lock pins, and make the wheels of turbine."""

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
_MEND = "./bazelw run //packaging/turbine:lock"
_UNREACHABLE = 75
_MISUSED = 2


@dataclass(frozen=True, slots=True)
class Pin:
    """A wheel that a lock names."""

    project: str
    version: str
    sha256: str
    """Digest in hex."""


@dataclass(frozen=True, slots=True)
class Tools:
    """The tools, and the locks that they work by."""

    assemble: Path
    """//packaging/turbine:assemble."""
    fetch: Path
    """//toolchains/wheels:fetch_wheels."""
    source: Path
    """The lock of iree-turbine itself."""
    locks: Mapping[tuple[str, str], Path]
    """The locks of what it requires, by platform and Python."""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> Tools:
        """What the variables TURBINE_* name; release/BUILD.bazel sets them.

        Raises:
          UsageError: they are not there: the program was not started by Bazel.
        """
        try:
            one = {
                name: Path(environ[f"TURBINE_{name.upper()}"]).absolute()
                for name in ("assemble", "fetch", "source")
            }
            listed = environ["TURBINE_LOCKS"].split()
        except KeyError as error:
            raise UsageError(
                f"${error.args[0]} is not set; run this as `./bazelw run //release:VERB`"
            ) from None
        locks = {
            (found["platform"], f"{found['major']}.{found['minor']}"): Path(path).absolute()
            for path in listed
            if (found := _LOCK.fullmatch(Path(path).name))
        }
        return cls(**one, locks=locks)

    def make(self, source: Path, version: str, core: str, output: Path) -> None:
        """Makes the wheels of iree-turbine and shark-turbine in a directory.

        Raises:
          Refused: the source is no wheel of iree-turbine.
        """
        with tempfile.TemporaryDirectory() as scratch:
            request = Path(scratch, "request.json")
            wanted = {
                "source": str(source.absolute()),
                "version": version,
                "core": core,
                "output": str(output.absolute()),
                "report": str(Path(scratch, "report.json")),
            }
            request.write_text(json.dumps(wanted))
            ended = subprocess.run([self.assemble, request], stderr=subprocess.PIPE, text=True)
        if ended.returncode:
            raise Refused(ended.stderr.strip().removeprefix("error: "))

    def fetch_source(self, output: Path) -> Path:
        """Fetches the pinned wheel of iree-turbine, and returns where it is.

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
        say: Callable[[str], None],
    ) -> None:
        """Fetches all that a lock pins into a directory; the cache's are not downloaded again.

        Args:
          platform: name of a platform.
          python: minor version, such as 3.14.
          platform_tags: the tags of wheels that the platform takes.
          output: the directory.
          say: is called with a line that says how much is downloaded, if anything is.

        Raises:
          Refused: the registry has not what the lock pins.
          RemoteError: it could not be reached, and a rerun may go through.
        """
        options = [f"--python-version={python}"]
        options += [f"--abi={abi}" for abi in (f"cp{python.replace('.', '')}", "abi3")]
        options += [f"--platform={tag}" for tag in platform_tags]
        lock = self.locks[platform, python]
        try:
            cache, locked = user_cache() / "payload", lock_files.read(lock, _shown(lock))
        except (UnavailableError, LockError) as error:
            raise UsageError(str(error)) from error
        needed = f"iree-turbine requires on {platform} with Python {python}"
        if line := sizes.wheels(locked, cache, needed):
            say(line)
        self._fetch(lock, f"{platform}, Python {python}", options, output)

    def _fetch(self, lock: Path, label: str, options: list[str], output: Path) -> None:
        output.mkdir(parents=True, exist_ok=True)
        ended = subprocess.run(
            [
                self.fetch,
                *(f"--lock={lock}", f"--lock-name=packaging/turbine/{_shown(lock)}"),
                *(f"--mend={_MEND}", f"--label={label}", f"--output={output.absolute()}"),
                *options,
            ],
            stderr=subprocess.PIPE,
            text=True,
        )
        if ended.returncode:
            said = (ended.stderr.strip().splitlines() or ["the fetch failed and said nothing"])[-1]
            kinds = {_UNREACHABLE: RemoteError, _MISUSED: UsageError}
            raise kinds.get(ended.returncode, Refused)(said)


def pins(lock: Path) -> tuple[Pin, ...]:
    """What a lock names, in its order."""
    return tuple(Pin(*found) for found in _PIN.findall(lock.read_text(encoding="utf-8")))


def _shown(lock: Path) -> str:
    return lock.name if lock.name == "source.txt" else f"locks/{lock.name}"
