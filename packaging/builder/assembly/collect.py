"""Copies files into one directory."""

from __future__ import annotations

import shutil
from pathlib import Path

from builder.assembly import request
from builder.assembly.errors import PackagingError, run


def collect(files: list[Path], directory: Path) -> None:
    """Copies `files` into `directory`.

    Raises:
      PackagingError: two files have the same name.
      OSError: a file cannot be copied.
    """
    directory.mkdir(parents=True, exist_ok=True)
    for file in files:
        target = directory / file.name
        if target.exists():
            raise PackagingError(f"{directory.name}: two files are named {file.name}")
        shutil.copyfile(file, target)


def main() -> None:
    """Runs the request named on the command line."""
    options = request.from_command_line()
    collect([Path(file) for file in options["files"]], Path(options["output"]))


if __name__ == "__main__":
    run(main)
