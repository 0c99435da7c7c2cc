"""Our files load only symbols that pinned modules export, and use no names that Bazel 9 lacks."""

from __future__ import annotations

from tests.modules import check, removed, sources, starlark
from tests.workspace import root
from toolchains.bazel import debian_modules

FILES = sources.starlark_files(root())
PINS = sources.our_pins(root())
TABLES = sources.our_tables(root())


def test_every_pin_has_a_table_of_its_version() -> None:
    assert list(check.pin_problems(PINS, TABLES)) == []


def test_loaded_symbols_are_exported_by_their_modules() -> None:
    problems = [
        problem
        for name, source in FILES.items()
        for problem in check.load_problems(source, name, PINS, TABLES)
    ]
    assert problems == []


def test_no_file_uses_a_name_that_bazel_9_lacks() -> None:
    problems = [
        problem for name, source in FILES.items() for problem in removed.problems(source, name)
    ]
    assert problems == []


def test_the_bootstrap_checks_debians_copies_for_all_loaded_symbols() -> None:
    """Catches: a bootstrap with copies that lack a symbol which our files load."""
    loaded = {
        (module, file, load.symbol)
        for name, source in FILES.items()
        for load in check.all_loads(source, name)
        for module, file in [check.module_file(load.label)]
        if module in PINS.versions
    }
    checked = {
        (module, file, symbol)
        for module, files in debian_modules.REQUIRED.items()
        for file, symbols in files.items()
        for symbol in symbols
    }
    assert loaded == checked


def test_the_checks_see_files_loads_and_strings() -> None:
    """Catches: checks that pass because they see no files, loads or strings."""
    some = {"MODULE.bazel", "tests/pytest.bzl", "tests/BUILD.bazel", "toolchains/zig/zig.BUILD"}
    assert some <= set(FILES)
    labels = {
        load.label
        for name, source in FILES.items()
        for load in starlark.loads(starlark.parse(source, name))
    }
    assert {"@rules_python//python:defs.bzl", "@rules_cc//cc:action_names.bzl"} <= labels
    # A BUILD file that a repository rule writes.
    written = "toolchains/python/private/repositories.bzl"
    tree = starlark.parse(FILES[written], written)
    in_strings = {
        load.symbol
        for text in starlark.texts(tree, FILES[written])
        for load in starlark.loads_in_text(text, written)
    }
    assert "py_runtime_pair" in in_strings
