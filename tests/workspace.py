"""The workspace that a test was built from: where it lies, its files, and copies to build in."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path


def root() -> Path:
    """Returns the root of the source tree.

    Below runfiles, MODULE.bazel is a symbolic link into it.
    """
    return Path(__file__).parents[1].joinpath("MODULE.bazel").resolve().parent


def files(workspace: Path) -> list[Path]:
    """Returns what git tracks or would track, relative to the workspace, sorted.

    Raises:
        FileNotFoundError: git is not on PATH.
        subprocess.CalledProcessError: the tree is not git's; stderr says why.
    """
    # A checkout that belongs to another user is no danger to a listing.
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others"]
    listing = subprocess.run(
        [*command, "--exclude-standard"], cwd=workspace, check=True, capture_output=True, text=True
    ).stdout
    paths = {Path(name) for name in listing.split("\0") if name}
    # What is deleted and not yet committed is still listed.
    return sorted(path for path in paths if (workspace / path).is_file())


def copy_workspace(workspace: Path, target: Path) -> None:
    """Copies the workspace's files, with this process' umask.

    Raises:
      RuntimeError: git cannot say what belongs to the workspace.
    """
    try:
        names = files(workspace)
    except subprocess.CalledProcessError as error:
        raise RuntimeError(
            f"{workspace}: git cannot list its files; run this in a git clone"
        ) from error
    for name in names:
        source, copied = workspace / name, target / name
        copied.parent.mkdir(parents=True, exist_ok=True)
        mode = 0o777 if os.access(source, os.X_OK) else 0o666
        with os.fdopen(os.open(copied, os.O_WRONLY | os.O_CREAT, mode), "wb") as file:
            file.write(source.read_bytes())
