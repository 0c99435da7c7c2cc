"""Our own Starlark files and tables, as they are in the source tree."""

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
    """The text of each Starlark file that git tracks or would track, by its path."""
    return {
        path.as_posix(): (root / path).read_text(encoding="utf-8")
        for path in workspace.files(root)
        if path.name in (*_NAMES, pins.FILE) or path.name.endswith(_SUFFIXES)
    }


def our_pins(root: Path) -> Pins:
    """What our MODULE.bazel says; raises ModulesError where it cannot be read."""
    return pins.read((root / pins.FILE).read_text(encoding="utf-8"))


def our_tables(root: Path) -> dict[str, Exports]:
    """The committed tables by the name of their file; raises ModulesError for one that is none."""
    return {
        path.stem: table.read(path.read_text(encoding="utf-8"), f"{TABLES}/{path.name}")
        for path in sorted((root / TABLES).glob("*.json"))
    }
