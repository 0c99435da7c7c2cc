"""The real source tree: where it lies, and its files.

A lint test in a sandbox would see the files that somebody listed. These see what git sees: tracked
files, and those that are new and not ignored.
"""

import subprocess
from pathlib import Path

_STARLARK_NAMES = ("BUILD", "BUILD.bazel", "MODULE.bazel", "REPO.bazel", "WORKSPACE.bazel")


def root() -> Path:
    """Returns the root of the source tree.

    Below runfiles, MODULE.bazel is a symbolic link into it.
    """
    return Path(__file__).parents[2].joinpath("MODULE.bazel").resolve().parent


def files() -> list[Path]:
    """Returns the files of the source tree, relative to its root, sorted.

    Raises:
        FileNotFoundError: git is not on PATH.
        subprocess.CalledProcessError: the tree is not git's; stderr says why.
    """
    # A checkout that belongs to another user is no danger to a listing.
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others"]
    listing = subprocess.run(
        [*command, "--exclude-standard"], cwd=root(), check=True, capture_output=True, text=True
    ).stdout
    paths = {Path(name) for name in listing.split("\0") if name}
    # What is deleted and not yet committed is still listed.
    return sorted(path for path in paths if (root() / path).is_file())


def python_files() -> list[Path]:
    """Returns the Python modules, and scripts that name Python in their first line."""
    return [path for path in files() if path.suffix in (".py", ".pyi") or _is_script(path)]


def starlark_files() -> list[Path]:
    """Returns what buildifier formats."""
    return [path for path in files() if path.suffix == ".bzl" or path.name in _STARLARK_NAMES]


def text(path: Path) -> str | None:
    """Returns the text of a file that is relative to the root; None when it is not text."""
    try:
        return (root() / path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


def _is_script(path: Path) -> bool:
    if path.suffix:
        return False
    with (root() / path).open("rb") as file:
        line = file.readline(100)
    return line.startswith(b"#!") and b"python" in line
