"""A place to build the workspace in, with modules from one origin."""

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

# What `bazel run` and `bazel test` set is no part of a user's environment.
_NOT_THE_USERS = ("BUILD_", "PYTHON", "RUNFILES", "TEST_", "IREE_RELEASE_REMOTE")


class BuildError(Exception):
    """Bazel failed; the message says at what, and where it says why."""


@dataclass(frozen=True, slots=True)
class World:
    """A clone of the workspace, and where modules come from for it."""

    name: str
    workspace: Path
    output: Path
    """Its output base."""
    log: Path
    """Where Bazel's messages go."""
    startup: Sequence[str] = ()
    """Further startup options."""
    options: Sequence[str] = ()
    """Options of every build and test."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """What is added to the user's environment."""

    def analyze(self, targets: Sequence[str]) -> int:
        """Analyzes targets, and returns how many; raises BuildError if that fails."""
        begins = self.log.stat().st_size if self.log.exists() else 0
        self._succeed("build", "--nobuild", *self.options, "--", *targets)
        messages = self.log.read_bytes()[begins:]
        analyzed = re.findall(rb"Analyzed (?:(\d+) targets|target )", messages)
        return int(analyzed[-1] or 1) if analyzed else 0

    def build(self, targets: Sequence[str]) -> dict[str, Path]:
        """Builds targets, and returns their files by their path below bazel-bin.

        Raises:
          BuildError: that fails, or there are no files.
        """
        self._succeed("build", *self.options, "--", *targets)
        # What was analyzed before has some of these in other configurations too.
        query = f"config(set({' '.join(targets)}), target)"
        places = self._succeed("cquery", *self.options, "--output=files", query).split()
        root = Path(self._succeed("info", *self.options, "execution_root").strip())
        files = {
            str(Path(place.partition("/bin/")[2]).parent / name): path
            for place in places
            for name, path in files_below(root / place).items()
        }
        if not files:
            raise BuildError(f"{self.name}: {' '.join(targets)} has no files, so nothing is shown.")
        return files

    def test(self, targets: Sequence[str]) -> dict[str, str]:
        """Runs the quick tests among targets, and returns each one's status by its label.

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
            raise BuildError(f"{self.name}: no test was run; see {self.log}")
        # 1 is a build that failed, 3 tests that did: what was not run is then no success.
        return statuses if code == 3 else {**statuses, "the build": f"FAILED (exit code {code})"}

    def source(self, module: str) -> Path | None:
        """Where Bazel took the source of a module from; None where it needed none, or fetched it.

        A tree on this machine is a link in the output base, by the repository's canonical name.
        """
        links = [self.output / "external" / f"{module}{mark}" for mark in ("", "~", "+")]
        return next((link.resolve() for link in links if link.is_symlink()), None)

    def remove(self) -> None:
        """Stops its Bazel, and removes what that made."""
        self._bazel("clean", "--expunge")

    def _succeed(self, command: str, *arguments: str) -> str:
        code, output = self._bazel(command, *arguments)
        if code:
            raise BuildError(f"{self.name}: bazel {command} fails ({code}); see {self.log}")
        return output

    def _bazel(self, command: str, *arguments: str) -> tuple[int, str]:
        users = {
            name: value for name, value in os.environ.items() if not name.startswith(_NOT_THE_USERS)
        }
        line = [
            str(self.workspace / "bazelw"),
            f"--output_base={self.output}",
            "--max_idle_secs=60",
            *self.startup,
            command,
            *arguments,
        ]
        with self.log.open("ab") as messages:
            done = subprocess.run(
                line,
                cwd=self.workspace,
                env={**users, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=messages,
                check=False,
            )
        return done.returncode, done.stdout.decode()


def clone(workspace: Path, target: Path) -> None:
    """Clones a workspace at its HEAD, with what is changed and not yet committed.

    Raises:
      ModulesError: it is no git clone.
    """
    # Tests of the source tree ask git for its files.
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
