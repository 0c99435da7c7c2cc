"""A clone of the workspace, as on another machine: another path, another Bazel, nothing built."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.output_base import STARTUP, outer_output_base, output_base, remove
from tests.reproducible.difference import sha256
from tests.workspace import copy_workspace, root

# Repositories that only tests use.
_TEST_REPOSITORIES = ("_main~github_for_tests~github_for_tests", "_main~pypi~pypi_tests")


@dataclass(frozen=True, slots=True)
class Build:
    """The result of a build."""

    exit_code: int
    """Bazel's exit code."""
    output: str
    """Bazel's messages."""
    processes: Mapping[str, int]
    """Number of actions by strategy: "remote", "remote cache hit", "linux-sandbox" and so on."""
    seconds: float
    """Duration that Bazel reports."""
    mnemonics: frozenset[str] = frozenset()
    """The mnemonics of all executed actions."""

    @property
    def executed(self) -> int:
        """Number of actions that were executed, locally or remotely, instead of cached."""
        return sum(
            number
            for strategy, number in self.processes.items()
            if not strategy.endswith("cache hit") and strategy != "internal"
        )

    @property
    def hits(self) -> int:
        """Number of remote cache hits."""
        return self.processes.get("remote cache hit", 0)


class Clone:
    """A copy of the workspace with its own Bazel."""

    def __init__(self, directory: Path) -> None:
        """Copies the workspace into `directory`, which does not exist."""
        self.workspace = directory / "workspace"
        self.output_base = directory / "output"
        self._execution_root = self.output_base / "execroot" / "_main"
        self._events = directory / "events.json"
        copy_workspace(root(), self.workspace)

    def build(self, *arguments: str, environment: Mapping[str, str] | None = None) -> Build:
        """Builds without this machine's disk cache.

        Args:
          arguments: options and targets.
          environment: changes to this process's environment.
        """
        options = (
            "--disk_cache=",
            f"--build_event_json_file={self._events}",
            "--experimental_record_metrics_for_all_mnemonics",
        )
        done = self._bazel("build", *options, *arguments, environment=environment)
        output = done.stderr
        summary = re.search(r"^INFO: \d+ process(?:es)?: (.+)\.$", output, re.MULTILINE)
        entries = re.findall(r"(\d+) ([a-z-][a-z -]*)", summary[1]) if summary else []
        elapsed = re.search(r"Elapsed time: ([\d.]+)s", output)
        return Build(
            exit_code=done.returncode,
            output=output,
            processes={strategy: int(number) for number, strategy in entries},
            seconds=float(elapsed[1]) if elapsed else 0.0,
            mnemonics=_executed_mnemonics(self._events),
        )

    def digests(self, target: str, *options: str) -> dict[str, str]:
        """The sha256 of each output file of a target, by its path below bazel-bin."""
        # A previous analysis may also have the target in other configurations.
        listed = self._bazel("cquery", "--output=files", *options, f"config({target}, target)")
        assert listed.returncode == 0, listed.stderr
        outputs = [
            self._execution_root / line for line in listed.stdout.splitlines() if "/bin/" in line
        ]
        digests = {
            str(file).partition("/bin/")[2]: sha256(file)
            for output in outputs
            for file in ([output] if output.is_file() else sorted(output.rglob("*")))
            if file.is_file()
        }
        assert digests, f"{target} has no output files"
        return digests

    def mnemonics(self, *targets: str) -> frozenset[str]:
        """The mnemonics of all actions that run a program to build targets."""
        expression = f"deps(set({' '.join(targets)}))"
        listed = self._bazel("aquery", "--output=jsonproto", "--noinclude_artifacts", expression)
        assert listed.returncode == 0, listed.stderr
        actions = json.loads(listed.stdout)["actions"]
        return frozenset(action["mnemonic"] for action in actions if action.get("arguments"))

    def remove_outputs(self) -> None:
        """Removes outputs, but keeps the analysis.

        This is faster than `bazel clean`, and equivalent after builds that downloaded all outputs.
        Outputs that were only in a cache still count as built.
        """
        for outputs in self._execution_root.glob("bazel-out/*/bin"):
            remove(outputs)

    def _bazel(
        self, command: str, *arguments: str, environment: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        inherited = {
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
            env={**inherited, **(environment or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )


def _executed_mnemonics(events: Path) -> frozenset[str]:
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
    """A temporary clone.

    Args:
      directory: a path that does not exist.
      shared: whether it shares the external repositories that were fetched for this test.
    """
    result = Clone(directory)
    fetched = outer_output_base() if shared else None
    with output_base(result.output_base, fetched=fetched, exclude=_TEST_REPOSITORIES):
        yield result
