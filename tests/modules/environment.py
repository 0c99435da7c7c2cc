"""Bazel builds of a clone, with modules from a given source."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.modules.errors import ModulesError
from tests.reproducible.difference import files_below
from tests.workspace import copy_workspace

# Variables that `bazel run` and `bazel test` set.
_NOT_INHERITED = ("BUILD_", "PYTHON", "RUNFILES", "TEST_", "IREE_RELEASE_REMOTE")


class BuildError(Exception):
    """Bazel failed; the message names the command and the log."""


@dataclass(frozen=True, slots=True)
class Environment:
    """A clone of the workspace, an output base, and options that select the source of modules."""

    name: str
    workspace: Path
    output_base: Path
    log: Path
    """The file for Bazel's messages."""
    startup: Sequence[str] = ()
    """Additional startup options."""
    options: Sequence[str] = ()
    """Options of all builds and tests."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """Additional environment variables."""

    def analyze(self, targets: Sequence[str]) -> int:
        """Analyzes targets; returns their number.

        Raises:
          BuildError: the analysis failed.
        """
        start = self.log.stat().st_size if self.log.exists() else 0
        self._succeed("build", "--nobuild", *self.options, "--", *targets)
        messages = self.log.read_bytes()[start:]
        analyzed = re.findall(rb"Analyzed (?:(\d+) targets|target )", messages)
        return int(analyzed[-1] or 1) if analyzed else 0

    def build(self, targets: Sequence[str]) -> dict[str, Path]:
        """Builds targets; returns their files by their path below bazel-bin.

        Raises:
          BuildError: the build failed, or the targets have no files.
        """
        self._succeed("build", *self.options, "--", *targets)
        # A previous analysis may also have these targets in other configurations.
        query = f"config(set({' '.join(targets)}), target)"
        outputs = self._succeed("cquery", *self.options, "--output=files", query).split()
        root = Path(self._succeed("info", *self.options, "execution_root").strip())
        files = {
            str(Path(output.partition("/bin/")[2]).parent / name): path
            for output in outputs
            for name, path in files_below(root / output).items()
        }
        if not files:
            raise BuildError(f"{self.name}: {' '.join(targets)} has no files to compare.")
        return files

    def test(self, targets: Sequence[str]) -> dict[str, str]:
        """Runs the quick tests among targets; returns their statuses by label.

        Raises:
          BuildError: Bazel ran no tests.
        """
        events = self.log.with_suffix(".events.json")
        events.write_bytes(b"")
        code, _ = self._bazel(
            "test",
            "--config=quick",
            "--keep_going",
            f"--build_event_json_file={events}",
            *self.options,
            "--",
            *targets,
        )
        statuses = {
            event["id"]["testSummary"]["label"]: event["testSummary"]["overallStatus"]
            for line in events.read_text(encoding="utf-8").splitlines()
            if "testSummary" in (event := json.loads(line))
        }
        if code == 0 and statuses:
            return statuses
        if code in (0, 4) or not statuses:
            raise BuildError(f"{self.name}: no tests were run; see {self.log}")
        # 3: tests failed. Other codes: the build failed, so some tests may not have run.
        return statuses if code == 3 else {**statuses, "the build": f"FAILED (exit code {code})"}

    def source(self, module: str) -> Path | None:
        """The local source tree of a module; None if Bazel did not use one.

        Bazel links a local tree in the output base, by the repository's canonical name.
        """
        external = self.output_base / "external"
        links = [external / f"{module}{suffix}" for suffix in ("", "~", "+")]
        return next((link.resolve() for link in links if link.is_symlink()), None)

    def remove(self) -> None:
        """Stops the Bazel server, and removes the output base."""
        self._bazel("clean", "--expunge")

    def _succeed(self, command: str, *arguments: str) -> str:
        code, output = self._bazel(command, *arguments)
        if code:
            raise BuildError(f"{self.name}: bazel {command} failed ({code}); see {self.log}")
        return output

    def _bazel(self, command: str, *arguments: str) -> tuple[int, str]:
        inherited = {
            name: value for name, value in os.environ.items() if not name.startswith(_NOT_INHERITED)
        }
        command_line = [
            str(self.workspace / "bazelw"),
            f"--output_base={self.output_base}",
            "--max_idle_secs=60",
            *self.startup,
            command,
            *arguments,
        ]
        with self.log.open("ab") as messages:
            done = subprocess.run(
                command_line,
                cwd=self.workspace,
                env={**inherited, **self.variables},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=messages,
                check=False,
            )
        return done.returncode, done.stdout.decode()


def clone(workspace: Path, target: Path) -> None:
    """Clones a workspace at its HEAD, with uncommitted changes.

    Raises:
      ModulesError: the workspace is not a git clone.
    """
    # Tests of the source tree list its files with git.
    for command in (
        ["clone", "--quiet", "--no-checkout", str(workspace), str(target)],
        ["-C", str(target), "reset", "--quiet"],
    ):
        done = subprocess.run(
            ["git", "-c", "safe.directory=*", *command], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise ModulesError(
                f"{workspace}: git cannot clone it ({done.stderr.strip()}); "
                "run this in a git clone."
            )
    copy_workspace(workspace, target)
