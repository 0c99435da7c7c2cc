"""Copies of the workspace, to build in as somebody else would."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path


def root() -> Path:
    """The workspace that a test was built from: below runfiles, MODULE.bazel is a link into it."""
    return Path("MODULE.bazel").resolve().parent


def copy_workspace(workspace: Path, target: Path) -> None:
    """Copies what git tracks or would track, with this process' umask.

    Raises:
      RuntimeError: git cannot say what belongs to the workspace.
    """
    listed = subprocess.run(
        [
            *("git", "-c", "safe.directory=*", "ls-files", "-z"),
            *("--cached", "--others", "--exclude-standard"),
        ],
        cwd=workspace,
        capture_output=True,
        check=False,
    )
    if listed.returncode:
        raise RuntimeError(f"{workspace}: git cannot list its files; run this in a git clone")
    for name in filter(None, listed.stdout.decode().split("\0")):
        source, copied = workspace / name, target / name
        if not source.is_file():
            continue  # deleted, and not yet committed as such
        copied.parent.mkdir(parents=True, exist_ok=True)
        mode = 0o777 if os.access(source, os.X_OK) else 0o666
        with os.fdopen(os.open(copied, os.O_WRONLY | os.O_CREAT, mode), "wb") as file:
            file.write(source.read_bytes())
