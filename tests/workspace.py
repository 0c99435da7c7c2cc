"""The workspace that a test was built from: its root, its files, and copies to build in."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path


def root() -> Path:
    """Returns the root of the source tree.

    In runfiles, MODULE.bazel is a symbolic link into it.
    """
    return Path(__file__).parents[1].joinpath("MODULE.bazel").resolve().parent


def files(workspace: Path) -> list[Path]:
    """Returns tracked files and new files that are not ignored, relative to the workspace, sorted.

    Raises:
        FileNotFoundError: git is not on PATH.
        subprocess.CalledProcessError: the workspace is not a git checkout; stderr says why.
    """
    # Listing a checkout that belongs to another user is safe.
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others"]
    listing = subprocess.run(
        [*command, "--exclude-standard"], cwd=workspace, check=True, capture_output=True, text=True
    ).stdout
    paths = {Path(name) for name in listing.split("\0") if name}
    # git still lists files whose deletion is not committed.
    return sorted(path for path in paths if (workspace / path).is_file())


def copy_workspace(workspace: Path, target: Path) -> None:
    """Copies the files of the workspace, with the umask of this process.

    Raises:
      RuntimeError: git cannot list the files.
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
