"""Runs devpi-server: `init` creates its directory, `main` serves it, with devpi-server's options.

devpi-server needs setuptools' pkg_resources, which reads a file with a space in its name. Bazel's
Python rules do not provide such files, and its content is not needed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

_UNNEEDED = "Lorem ipsum.txt"


def run() -> int:
    """Runs the program that the first argument names."""
    read_text = Path.read_text

    def read_text_unless_unneeded(path: Path, *args: Any, **kwargs: Any) -> str:
        return "" if path.name == _UNNEEDED else read_text(path, *args, **kwargs)

    Path.read_text = read_text_unless_unneeded  # type: ignore[assignment, method-assign]
    from devpi_server.init import init
    from devpi_server.main import main

    program: Callable[[], int | None] = init if sys.argv.pop(1) == "init" else main
    return program() or 0


if __name__ == "__main__":
    sys.exit(run())
