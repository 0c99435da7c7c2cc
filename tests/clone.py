"""A clone of the workspace on another machine: another path, another Bazel, nothing built."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.output_base import STARTUP, of_this_test, output_base, remove
from tests.reproducible.difference import sha256
from tests.workspace import copy_workspace, root

# A product is not built with these.
_FOR_TESTS = ("_main~github_for_tests~github_for_tests", "_main~pypi~pypi_tests")


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
    kinds: frozenset[str] = frozenset()
    """The mnemonics of all actions that ran."""

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

    def __init__(self, directory: Path) -> None:
        """Copies the workspace into `directory`, which does not exist."""
        self.workspace = directory / "workspace"
        self.output_base = directory / "output"
        self._execution_root = self.output_base / "execroot" / "_main"
        self._events = directory / "events.json"
        copy_workspace(root(), self.workspace)

    def build(self, *arguments: str, environment: Mapping[str, str] | None = None) -> Build:
        """Builds, without what this machine has in its own cache.

        Args:
          arguments: options and targets.
          environment: what is changed of ours.
        """
        options = (
            "--disk_cache=",
            f"--build_event_json_file={self._events}",
            "--experimental_record_metrics_for_all_mnemonics",
        )
        done = self._bazel("build", *options, *arguments, environment=environment)
        said = done.stderr
        listed = re.search(r"^INFO: \d+ process(?:es)?: (.+)\.$", said, re.MULTILINE)
        entries = re.findall(r"(\d+) ([a-z-][a-z -]*)", listed[1]) if listed else []
        elapsed = re.search(r"Elapsed time: ([\d.]+)s", said)
        return Build(
            code=done.returncode,
            said=said,
            processes={where: int(number) for number, where in entries},
            seconds=float(elapsed[1]) if elapsed else 0.0,
            kinds=_kinds(self._events),
        )

    def digests(self, target: str, *options: str) -> dict[str, str]:
        """The sha256 of each file that a target is made of, by its path below bazel-bin."""
        # What was analyzed before has the target in other configurations too.
        listed = self._bazel("cquery", "--output=files", *options, f"config({target}, target)")
        assert listed.returncode == 0, listed.stderr
        made = [
            self._execution_root / line for line in listed.stdout.splitlines() if "/bin/" in line
        ]
        found = {
            str(file).partition("/bin/")[2]: sha256(file)
            for output in made
            for file in ([output] if output.is_file() else sorted(output.rglob("*")))
            if file.is_file()
        }
        assert found, f"{target} is made of no files"
        return found

    def kinds(self, *targets: str) -> frozenset[str]:
        """The mnemonics of all actions that run a program to build targets."""
        expression = f"deps(set({' '.join(targets)}))"
        listed = self._bazel("aquery", "--output=jsonproto", "--noinclude_artifacts", expression)
        assert listed.returncode == 0, listed.stderr
        actions = json.loads(listed.stdout)["actions"]
        return frozenset(action["mnemonic"] for action in actions if action.get("arguments"))

    def forget(self) -> None:
        """Forgets what was built and analyzed, and not what was fetched."""
        assert self._bazel("clean").returncode == 0

    def lose_outputs(self) -> None:
        """Removes what was built, but not what Bazel knows of it: what was analyzed.

        That is sooner over than `forget`, and the same after builds that brought all outputs here.
        Outputs that were left in a cache count as built after this.
        """
        for made in self._execution_root.glob("bazel-out/*/bin"):
            remove(made)

    def _bazel(
        self, command: str, *arguments: str, environment: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        ours = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("BUILD_", "PYTHON", "RUNFILES", "TEST_", "IREE_RELEASE_REMOTE"))
        }
        return subprocess.run(
            [
                self.workspace / "bazelw",
                f"--output_base={self.output_base}",
                *STARTUP,
                command,
                *arguments,
            ],
            cwd=self.workspace,
            env={**ours, **(environment or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )


def _kinds(events: Path) -> frozenset[str]:
    for line in events.read_text().splitlines() if events.exists() else ():
        if metrics := json.loads(line).get("buildMetrics"):
            return frozenset(
                entry["mnemonic"]
                for entry in metrics["actionSummary"].get("actionData", ())
                if int(entry.get("actionsExecuted", 0))
            )
    return frozenset()


@contextmanager
def clone(directory: Path, *, shared: bool = True) -> Iterator[Clone]:
    """A clone for a while.

    Args:
      directory: does not exist.
      shared: whether it gets the external repositories that were fetched for the test, or none.
    """
    made = Clone(directory)
    fetched = of_this_test() if shared else None
    with output_base(made.output_base, fetched=fetched, without=_FOR_TESTS):
        yield made
