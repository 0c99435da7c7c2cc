"""A machine that really runs the steps of workflows, in a clone of the workspace with its bazelw.

Actions work as on GitHub's runners, with directories instead of GitHub's storage. Jobs share only
Bazel's outputs, in place of the remote cache of real runners.
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
    """A clone, and a directory for the results of its jobs."""

    workspace: Path
    """The clone; a git checkout."""
    storage: Path
    """An empty directory for artifacts, deployed pages and outputs."""
    environment: Mapping[str, str]
    """Variables of GitHub's runners, and credentials in place of the job's identity."""
    script_of: Callable[[Step], str] = lambda step: step.run or ""
    """The script to run for a step."""
    log: list[str] = field(default_factory=list)
    """Each command with its duration and exit code."""

    @property
    def pages(self) -> Path:
        """The deployed pages."""
        return self.storage / "pages"

    def begin(self) -> None:
        """Removes all files that are not committed, except Bazel's links."""
        git(self.workspace, "clean", "-ffdxq", "--exclude=/bazel-*")

    def step(self, step: Step) -> Mapping[str, str]:
        """Runs a step; returns its outputs.

        Raises:
          StepError: it failed.
        """
        if step.uses is None:
            return self._run(step)
        return _ACTIONS[step.uses](self, step)

    def _run(self, step: Step) -> Mapping[str, str]:
        outputs = self.storage / "outputs"
        outputs.write_text("")
        inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        script = self.script_of(step)
        began = time.monotonic()
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
            cwd=self.workspace,
            env={
                **inherited,
                **self.environment,
                **step.environment,
                "GITHUB_OUTPUT": str(outputs),
            },
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
            raise StepError(f"{step.name} exited with {done.returncode}")
        return dict(line.split("=", 1) for line in outputs.read_text().splitlines())

    def _checkout(self, _: Step) -> Mapping[str, str]:
        """Does nothing: the workspace is checked out, and commits are those of a fake GitHub."""
        return {}

    def _upload(self, step: Step) -> Mapping[str, str]:
        source = self.workspace / step.options["path"]
        if not source.exists():
            if step.options.get("if-no-files-found") == "error":
                raise StepError(f"{source} does not exist")
            return {}
        shutil.copytree(source, self.storage / "artifacts" / step.options["name"])
        return {}

    def _download(self, step: Step) -> Mapping[str, str]:
        source = self.storage / "artifacts" / step.options["name"]
        shutil.copytree(source, self.workspace / step.options["path"])
        return {}

    def _upload_pages(self, step: Step) -> Mapping[str, str]:
        uploaded = self.storage / "uploaded-pages"
        shutil.rmtree(uploaded, ignore_errors=True)
        shutil.copytree(self.workspace / step.options["path"], uploaded)
        return {}

    def _deploy_pages(self, _: Step) -> Mapping[str, str]:
        shutil.rmtree(self.pages, ignore_errors=True)
        (self.storage / "uploaded-pages").rename(self.pages)
        return {"page_url": self.pages.as_uri()}


_ACTIONS: Mapping[str, Callable[[Workstation, Step], Mapping[str, str]]] = {
    "actions/checkout": Workstation._checkout,
    "actions/deploy-pages": Workstation._deploy_pages,
    "actions/download-artifact": Workstation._download,
    "actions/upload-artifact": Workstation._upload,
    "actions/upload-pages-artifact": Workstation._upload_pages,
}
