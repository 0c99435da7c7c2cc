"""Invalid loads from other modules are reported, each with a message."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.modules import check, pins, removed, starlark, table
from tests.modules.errors import ModulesError
from tests.modules.table import Exports

MODULE = """\
module(name = "ours")
bazel_dep(name = "rules", version = "1.2", repo_name = "my_rules")
ours = use_extension("//toolchains:extension.bzl", "ours")
use_repo(ours, "made", renamed = "inner")
theirs = use_extension("@my_rules//:extension.bzl", "extension")
use_repo(theirs, "theirs")
"""
PINS = pins.read(MODULE)
TABLES = {
    "rules": Exports(
        "rules",
        "1.2",
        {
            "//lib:a.bzl": frozenset({"first", "second"}),
            "//lib:b.bzl": frozenset({"third"}),
            "//:extension.bzl": frozenset({"extension"}),
        },
    )
}


def problems(source: str, tables: Mapping[str, Exports] = TABLES) -> list[str]:
    return list(check.load_problems(source, "x/BUILD.bazel", PINS, tables))


def test_exported_symbols_may_be_loaded() -> None:
    source = """\
load("@my_rules//lib:a.bzl", "first", other = "second")
load("@made//:defs.bzl", "anything")
load("@renamed//:defs.bzl", "anything")
load("@ours//x:y.bzl", "anything")
load("@@//x:y.bzl", "anything")
load("//x:y.bzl", "anything")
load(":y.bzl", "anything")
"""
    assert problems(source) == []
    assert problems(MODULE) == []


def test_a_symbol_that_the_module_lacks() -> None:
    """Catches: a symbol that only a newer version, or a distribution's copy, exports."""
    assert problems('\nload("@my_rules//lib:a.bzl", "first", "fourth")\n') == [
        (
            "x/BUILD.bazel:2: fourth is loaded from @my_rules//lib:a.bzl, which does not "
            "export it in rules 1.2; pin a version that does."
        )
    ]


def test_a_symbol_under_another_local_name() -> None:
    """Catches: a check of the local name."""
    assert "fourth is loaded" in problems('load("@my_rules//lib:a.bzl", first = "fourth")')[0]


def test_a_symbol_of_another_file() -> None:
    assert problems('load("@my_rules//lib:a.bzl", "third")') == [
        (
            "x/BUILD.bazel:1: third is loaded from @my_rules//lib:a.bzl, which does not "
            "export it in rules 1.2; load it from @my_rules//lib:b.bzl."
        )
    ]


def test_a_file_that_the_module_lacks() -> None:
    """Catches: a file that moved between versions, or that is in another package."""
    assert problems('load("@my_rules//lib:gone.bzl", "first")') == [
        (
            "x/BUILD.bazel:1: first is loaded from @my_rules//lib:gone.bzl, which rules 1.2 "
            "lacks; load it from @my_rules//lib:a.bzl."
        )
    ]
    assert "lacks" in problems('load("@my_rules//:lib/a.bzl", "first")')[0]


def test_an_extension_that_the_module_lacks() -> None:
    """Catches: a check that ignores MODULE.bazel or its functions."""
    wrong = MODULE.replace('"extension")', '"gone")')
    assert "gone is loaded from @my_rules//:extension.bzl" in problems(wrong)[0]
    rule = 'r = use_repo_rule("@my_rules//lib:a.bzl", "gone")'
    assert "gone is loaded from @my_rules//lib:a.bzl" in problems(rule)[0]


@pytest.mark.parametrize(
    ("label", "reason"),
    [
        ("@rules//lib:a.bzl", "neither a bazel_dep nor a repository of our extensions"),
        ("@unknown//lib:a.bzl", "neither a bazel_dep nor a repository of our extensions"),
        ("@theirs//:defs.bzl", "a repository of the extension @my_rules//:extension.bzl"),
        ("@bazel_tools//tools:x.bzl", "part of Bazel 7 but not of newer versions"),
    ],
)
def test_a_repository_that_is_not_visible(label: str, reason: str) -> None:
    """Catches: a name that is visible only to another module or in another Bazel version."""
    assert reason in problems(f'load("{label}", "first")')[0]


def test_a_load_in_a_string_of_a_repository_rule() -> None:
    """Catches: a generated BUILD file, which no linter checks."""
    source = '''\
"""Docs: load("@unknown//:x.bzl", "x")."""

_BUILD = """\\
package(default_visibility = ["//visibility:public"])

load(
    "@my_rules//lib:a.bzl",
    "gone",
)
"""

def _impl(rctx):
    rctx.file("BUILD.bazel", 'load("@unknown//:x.bzl", "x")')
'''
    found = problems(source)
    assert [problem.partition(" is loaded")[0] for problem in found] == [
        "x/BUILD.bazel:6: gone",
        "x/BUILD.bazel:13: x",
    ]


def test_a_load_in_a_string_without_literals() -> None:
    """Catches: a template that is skipped because it cannot be parsed."""
    with pytest.raises(ModulesError, match=r"BUILD\.bazel:1: .*write them as literals"):
        problems('_BUILD = "load({file}, {symbol})"')


def test_a_changed_pin() -> None:
    """Catches: a new version in MODULE.bazel checked against the exports of the old one."""
    moved = pins.read(MODULE.replace('"1.2"', '"1.3"'))
    assert list(check.pin_problems(moved, TABLES)) == [
        (
            "MODULE.bazel pins rules 1.3, but its table of exports is for 1.2; update it with: "
            "./bazelw run //tests/modules:update -- --module rules --source DIR"
        )
    ]


def test_a_pin_without_a_table_and_a_table_without_a_pin() -> None:
    found = list(check.pin_problems(PINS, {"other": TABLES["rules"]}))
    assert "which has no table of exports" in found[0]
    assert "exports/other.json is for a module that MODULE.bazel does not pin" in found[1]
    assert "no table of exports" in problems('load("@my_rules//lib:a.bzl", "first")', {})[0]


def test_a_dependency_without_a_version() -> None:
    """Catches: a version that other modules decide."""
    with pytest.raises(ModulesError, match=r"MODULE\.bazel:2: this bazel_dep lacks"):
        pins.read('module(name = "ours")\nbazel_dep(name = "rules")\n')


def test_loaded_symbols_are_not_exported() -> None:
    """Catches: a table with symbols that a file only loads."""
    source = """\
load(":x.bzl", "loaded", _again = "again")
again = _again
one, (two, _three) = 1, (2, 3)
_private = 1
def function(argument):
    local = 1
def _hidden():
    pass
"""
    assert starlark.exports(starlark.parse(source, "x")) == {"again", "one", "two", "function"}


def test_tables_survive_a_round_trip() -> None:
    written = table.write(TABLES["rules"])
    assert table.read(written, "x") == TABLES["rules"]
    assert written == table.write(table.read(written, "x"))
    with pytest.raises(ModulesError, match="x is not a table of exports"):
        table.read("{}", "x")


def removed_names(source: str) -> list[str]:
    return list(removed.problems(source, "x.bzl"))


def test_a_global_that_bazel_9_lacks() -> None:
    """Catches: a name that 7.7.1 has without a load()."""
    assert removed_names("def f():\n    return CcInfo()\n") == [
        "x.bzl:2: CcInfo is not built into Bazel 9; load it from @rules_cc//cc/common:cc_info.bzl."
    ]
    assert "py_binary is not built into" in removed_names('py_binary(name = "x")')[0]


def test_a_rule_of_native() -> None:
    assert removed_names("def f():\n    native.sh_binary()\n    native.filegroup()\n") == [
        (
            "x.bzl:2: native.sh_binary is not built into Bazel 9; load it from "
            "@rules_shell//shell:sh_binary.bzl."
        )
    ]


def test_a_rule_in_a_string_of_a_repository_rule() -> None:
    loads = 'load("@rules_python//python:defs.bzl", "py_library")\\n'
    text = 'py_library(name = "x")\\ncc_library(name = "y")'
    found = removed_names(f"_BUILD = '{loads}{text}'")
    assert len(found) == 1
    assert "cc_library is not built into" in found[0]


def test_loaded_and_local_names_are_not_reported() -> None:
    """Catches: false positives for names in other scopes."""
    source = """\
load("@rules_cc//cc/common:cc_info.bzl", "CcInfo")
load(":x.bzl", my_test = "py_test")
load(":x.bzl", "py_test")
def cc_test(sh_test, x = CcInfo):
    return [py_test for xcode_config in sh_test if xcode_config.cc_binary]
cc_test("cc_library", my_test)
"""
    assert removed_names(source) == []
