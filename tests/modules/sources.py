"""The Starlark files and tables in the source tree."""

from __future__ import annotations

from pathlib import Path

from tests import workspace
from tests.modules import pins, table
from tests.modules.pins import Pins
from tests.modules.table import Exports

TABLES = Path("tests/modules/exports")

_NAMES = ("BUILD", "BUILD.bazel", "REPO.bazel", "WORKSPACE.bazel")
_SUFFIXES = (".bzl", ".BUILD", ".MODULE.bazel")


def starlark_files(root: Path) -> dict[str, str]:
    """The text of each Starlark file that is tracked or not ignored, by its path."""
    return {
        path.as_posix(): (root / path).read_text(encoding="utf-8")
        for path in workspace.files(root)
        if path.name in (*_NAMES, pins.FILE) or path.name.endswith(_SUFFIXES)
    }


def our_pins(root: Path) -> Pins:
    """The pins in our MODULE.bazel; raises ModulesError if it cannot be parsed."""
    return pins.read((root / pins.FILE).read_text(encoding="utf-8"))


def our_tables(root: Path) -> dict[str, Exports]:
    """The committed tables by the name of their file; raises ModulesError for an invalid one."""
    return {
        path.stem: table.read(path.read_text(encoding="utf-8"), f"{TABLES}/{path.name}")
        for path in sorted((root / TABLES).glob("*.json"))
    }
