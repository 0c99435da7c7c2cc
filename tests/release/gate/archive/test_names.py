"""Paths in archives: each must be inside, and the same file on every system."""

from __future__ import annotations

import pytest

from release.gate.archive.names import Names, problems
from release.model.finding import Check


@pytest.mark.parametrize(
    "path",
    [
        "iree/runtime/__init__.py",
        "iree_runtime-1.dist-info/METADATA",
        "iree/a b (1)+{x}.txt",
        "console/com10.txt",
        "iree/.hidden",
        "a" * 240,
    ],
)
def test_a_portable_path_passes(path: str) -> None:
    assert not [*problems(path)]


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "../x",
        "iree/../../x",
        "iree//x",
        "./iree",
        "iree/./x",
        "",
        ".",
        "..",
        "iree\\x",
        "C:x",
        "iree/x\n",
        "iree/x\0.py",
        "iree/\u202egnp.py",
        "iree/\u0456nit.py",
        "iree/e\u0301.py",
        "iree/\udcff.py",
        "iree/aux",
        "iree/NUL.txt",
        "com1/x",
        "iree/x.",
        "iree/x ",
        "iree /x",
        "a" * 241,
        "iree/what?",
    ],
)
def test_any_other_path_is_found(path: str) -> None:
    assert {problem.check for problem in problems(path)} == {Check.ARCHIVE_PATH}


@pytest.mark.parametrize(
    "paths",
    [
        ["a/x", "a/x"],
        ["a/x", "a/X"],
        ["a/x", "A/y"],
        ["a/stra\u00dfe", "a/STRASSE"],
        ["a/\ufb01x", "a/fix"],
        ["a", "a/x"],
        ["a/x", "a"],
        ["a/x/y", "a/X"],
    ],
)
def test_two_paths_that_are_one_on_some_system_are_found(paths: list[str]) -> None:
    names = Names()
    found = [problem.check for path in paths for problem in names.add(path, directory=False)]
    assert Check.ARCHIVE_DOUBLE in found


def test_directories_may_have_entries_and_contain_files() -> None:
    names = Names()
    entries = [("a", True), ("a/b", True), ("a/b/x", False), ("a/c", False), ("a/b/y", False)]
    assert not [p for path, directory in entries for p in names.add(path, directory=directory)]
