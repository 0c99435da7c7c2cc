"""A small workspace with our bazelw and .bazelrc, for tests that run the real Bazel."""

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

_OURS = ("BUILD_", "PYTHON", "RUNFILES", "TEST_", "IREE_RELEASE_REMOTE")


@dataclass(frozen=True, slots=True)
class SmallWorkspace:
    """A workspace with a BUILD file, an output base and an empty disk cache of its own."""

    path: Path
    output_base: Path
    disk_cache: Path

    def bazelw(self, command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs a command."""
        environ = {name: v for name, v in os.environ.items() if not name.startswith(_OURS)}
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
        """Builds with its disk cache."""
        return self.bazelw("build", f"--disk_cache={self.disk_cache}", *arguments)


@contextmanager
def small_workspace(directory: Path, build: str) -> Iterator[SmallWorkspace]:
    """A workspace below an empty directory; its Bazel ends with it.

    Args:
        directory: the empty directory.
        build: content of the BUILD file of its root.
    """
    made = SmallWorkspace(directory / "workspace", directory / "output", directory / "disk-cache")
    made.path.mkdir()
    for name in ("bazelw", ".bazelrc", ".bazelversion"):
        shutil.copy(root() / name, made.path)
    for name in ("bazel", "cache", "debian"):
        target = made.path / "toolchains" / name
        shutil.copytree(root() / "toolchains" / name, target)
        (target / "BUILD.bazel").unlink()
    (made.path / "MODULE.bazel").write_text('module(name = "small")\n')
    (made.path / "BUILD.bazel").write_text(build)
    with output_base(made.output_base):
        yield made
