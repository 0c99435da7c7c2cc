"""Copies files into one directory, within the file system where it can."""

from __future__ import annotations

import shutil
from pathlib import Path

from assembly import request
from assembly.errors import PackagingError, run


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
            raise PackagingError(f"two files would be named {file.name} in {directory.name}")
        shutil.copyfile(file, target)


def main() -> None:
    """Runs the request named on the command line."""
    wanted = request.from_command_line()
    collect([Path(file) for file in wanted["files"]], Path(wanted["output"]))


if __name__ == "__main__":
    run(main)
