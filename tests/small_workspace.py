"""A small workspace with bazelw and .bazelrc, for tests that run Bazel."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.output_base import STARTUP, output_base
from tests.workspace import root

_NOT_INHERITED = ("BUILD_", "PYTHON", "RUNFILES", "TEST_", "IREE_RELEASE_REMOTE")


@dataclass(frozen=True, slots=True)
class SmallWorkspace:
    """A workspace with a BUILD file, and its own output base and disk cache."""

    path: Path
    output_base: Path
    disk_cache: Path

    def bazelw(self, command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs a command."""
        environ = {
            name: value for name, value in os.environ.items() if not name.startswith(_NOT_INHERITED)
        }
        return subprocess.run(
            [
                self.path / "bazelw",
                f"--output_base={self.output_base}",
                *STARTUP,
                command,
                *arguments,
            ],
            cwd=self.path,
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def build(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Builds with the disk cache of this workspace."""
        return self.bazelw("build", f"--disk_cache={self.disk_cache}", *arguments)


@contextmanager
def small_workspace(directory: Path, build: str) -> Iterator[SmallWorkspace]:
    """A temporary workspace in an empty directory; its Bazel server is killed afterwards.

    Args:
        directory: the empty directory.
        build: content of the BUILD file in the root.
    """
    workspace = SmallWorkspace(
        directory / "workspace", directory / "output", directory / "disk-cache"
    )
    workspace.path.mkdir()
    for name in ("bazelw", ".bazelrc", ".bazelversion"):
        shutil.copy(root() / name, workspace.path)
    for name in ("bazel", "cache", "debian"):
        target = workspace.path / "toolchains" / name
        shutil.copytree(root() / "toolchains" / name, target)
        (target / "BUILD.bazel").unlink()
    (workspace.path / "MODULE.bazel").write_text('module(name = "small")\n')
    (workspace.path / "BUILD.bazel").write_text(build)
    with output_base(workspace.output_base):
        yield workspace
