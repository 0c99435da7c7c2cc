"""The real source tree and its files.

Lint tests check the files that git sees (tracked files, and new files that are not ignored) instead
of files that targets list.
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
    """Returns the files that buildifier formats."""
    return [path for path in files() if path.suffix == ".bzl" or path.name in _STARLARK_NAMES]


def text(path: Path) -> str | None:
    """Returns the text of a file, relative to the root, or None if it is not UTF-8."""
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
