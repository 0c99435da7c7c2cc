"""A clone of the workspace on another machine: another path, another Bazel, nothing built."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.reproducible.difference import sha256
from tests.workspace import copy_workspace, root

_ENDS_WITHIN = 1500


@dataclass(frozen=True, slots=True)
class Build:
    """What came of a build."""

    code: int
    """Bazel's exit code."""
    said: str
    """What it printed."""
    processes: Mapping[str, int]
    """How many actions ran, by where: "remote", "remote cache hit", "linux-sandbox" and so on."""
    seconds: float
    """How long it took, by Bazel's own clock."""

    @property
    def executed(self) -> int:
        """How many actions were run, here or elsewhere, and not taken from a cache."""
        return sum(
            number
            for where, number in self.processes.items()
            if not where.endswith("cache hit") and where != "internal"
        )

    @property
    def hits(self) -> int:
        """How many actions were taken from the remote cache."""
        return self.processes.get("remote cache hit", 0)


class Clone:
    """A copy of the workspace with a Bazel of its own."""

    def __init__(self, folder: Path) -> None:
        """Copies the workspace into `folder`, which does not exist."""
        self.workspace = folder / "workspace"
        self._output = folder / "output"
        copy_workspace(root(), self.workspace)

    def build(self, *arguments: str, environment: Mapping[str, str] | None = None) -> Build:
        """Builds, without what this machine has in its own cache.

        Args:
          arguments: options and targets.
          environment: what is changed of ours.
        """
        done = self._bazel("build", "--disk_cache=", *arguments, environment=environment)
        said = done.stderr
        listed = re.search(r"^INFO: \d+ process(?:es)?: (.+)\.$", said, re.MULTILINE)
        entries = re.findall(r"(\d+) ([a-z-][a-z -]*)", listed[1]) if listed else []
        elapsed = re.search(r"Elapsed time: ([\d.]+)s", said)
        return Build(
            code=done.returncode,
            said=said,
            processes={where: int(number) for number, where in entries},
            seconds=float(elapsed[1]) if elapsed else 0.0,
        )

    def digests(self, target: str, *options: str) -> dict[str, str]:
        """The sha256 of each file that a target is made of, by its path below bazel-bin."""
        listed = self._bazel("cquery", "--output=files", *options, target)
        assert listed.returncode == 0, listed.stderr
        execution_root = Path(self._bazel("info", "execution_root").stdout.strip())
        made = [execution_root / line for line in listed.stdout.splitlines() if "/bin/" in line]
        found = {
            str(file).partition("/bin/")[2]: sha256(file)
            for output in made
            for file in ([output] if output.is_file() else sorted(output.rglob("*")))
            if file.is_file()
        }
        assert found, f"{target} is made of no files"
        return found

    def forget(self) -> None:
        """Forgets what was built, and not what was fetched."""
        assert self._bazel("clean").returncode == 0

    def remove(self) -> None:
        """Stops its Bazel, and takes away what that made."""
        self._bazel("clean", "--expunge")

    def _bazel(
        self, command: str, *arguments: str, environment: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        ours = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("BUILD_", "PYTHON", "RUNFILES", "TEST_", "IREE_RELEASE_REMOTE"))
        }
        return subprocess.run(
            [self.workspace / "bazelw", f"--output_base={self._output}", command, *arguments],
            cwd=self.workspace,
            env={**ours, **(environment or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_ENDS_WITHIN,
            check=False,
        )


@contextmanager
def clone(folder: Path) -> Iterator[Clone]:
    """A clone for a while."""
    made = Clone(folder)
    try:
        yield made
    finally:
        made.remove()
