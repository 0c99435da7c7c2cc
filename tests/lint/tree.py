"""The real source tree: where it lies, and its files.

A lint test in a sandbox would see the files that somebody listed. These see what git sees: tracked
files, and those that are new and not ignored.
"""

from pathlib import Path

from tests import workspace
from tests.workspace import root as root

_STARLARK_NAMES = ("BUILD", "BUILD.bazel", "MODULE.bazel", "REPO.bazel", "WORKSPACE.bazel")


def files() -> list[Path]:
    """Returns the files of the source tree, relative to its root, sorted."""
    return workspace.files(root())


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
