"""A machine that runs the steps of workflows for real: a clone of the workspace, and its bazelw.

The actions that a workflow uses do here what they do on GitHub's machines, with directories for
what GitHub keeps. Of one job nothing is left for the next, but Bazel's outputs: the remote cache
that the real machines share is no part of this.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.git import git
from tests.workflows.runner import Step, StepError

_INHERITED = (
    *("HOME", "IREE_RELEASE_CACHE", "LANG", "PATH", "TMPDIR", "XDG_CACHE_HOME"),
    *("PIP_CONFIG_FILE", "PIP_INDEX_URL"),
)
_LAST_LINES = 60


@dataclass(slots=True)
class Workstation:
    """A clone, and what GitHub keeps of its jobs."""

    workspace: Path
    """The clone; a git checkout."""
    kept: Path
    """An empty directory: artifacts, the pages that are served, outputs."""
    given: Mapping[str, str]
    """Variables that GitHub's machines have, and credentials in place of the CI's identity."""
    amend: Callable[[Step], str] = lambda step: step.run or ""
    """The script that is run for that of a step."""
    log: list[str] = field(default_factory=list)
    """Each command, how long it took, and how it ended."""

    @property
    def pages(self) -> Path:
        """What is served as pages."""
        return self.kept / "pages"

    def begin(self) -> None:
        """Leaves what is committed, and Bazel's links."""
        git(self.workspace, "clean", "-ffdxq", "--exclude=/bazel-*")

    def step(self, step: Step) -> Mapping[str, str]:
        """Runs a step, and returns its outputs.

        Raises:
          StepError: it failed.
        """
        if step.uses is None:
            return self._run(step)
        return _ACTIONS[step.uses](self, step)

    def _run(self, step: Step) -> Mapping[str, str]:
        outputs = self.kept / "outputs"
        outputs.write_text("")
        ours = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        script = self.amend(step)
        began = time.monotonic()
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
            cwd=self.workspace,
            env={**ours, **self.given, **step.environment, "GITHUB_OUTPUT": str(outputs)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        seconds = time.monotonic() - began
        self.log.append(f"{step.workflow}: {seconds:4.0f} s, exit {done.returncode}: {script}")
        if done.returncode:
            lines = done.stdout.splitlines()[-_LAST_LINES:]
            self.log += [f"    {line}" for line in lines]
            raise StepError(f"{step.name} ends with {done.returncode}")
        return dict(line.split("=", 1) for line in outputs.read_text().splitlines())

    def _checkout(self, _: Step) -> Mapping[str, str]:
        """Everything is checked out already; commits are those of another GitHub."""
        return {}

    def _keep(self, step: Step) -> Mapping[str, str]:
        source = self.workspace / step.options["path"]
        if not source.exists():
            if step.options.get("if-no-files-found") == "error":
                raise StepError(f"{source} is not there")
            return {}
        shutil.copytree(source, self.kept / "artifacts" / step.options["name"])
        return {}

    def _fetch(self, step: Step) -> Mapping[str, str]:
        source = self.kept / "artifacts" / step.options["name"]
        shutil.copytree(source, self.workspace / step.options["path"])
        return {}

    def _keep_pages(self, step: Step) -> Mapping[str, str]:
        waiting = self.kept / "waiting"
        shutil.rmtree(waiting, ignore_errors=True)
        shutil.copytree(self.workspace / step.options["path"], waiting)
        return {}

    def _serve_pages(self, _: Step) -> Mapping[str, str]:
        shutil.rmtree(self.pages, ignore_errors=True)
        (self.kept / "waiting").rename(self.pages)
        return {"page_url": self.pages.as_uri()}


_ACTIONS: Mapping[str, Callable[[Workstation, Step], Mapping[str, str]]] = {
    "actions/checkout": Workstation._checkout,
    "actions/deploy-pages": Workstation._serve_pages,
    "actions/download-artifact": Workstation._fetch,
    "actions/upload-artifact": Workstation._keep,
    "actions/upload-pages-artifact": Workstation._keep_pages,
}
