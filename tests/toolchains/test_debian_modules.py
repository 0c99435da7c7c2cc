"""Debian's copies of the Bazel modules get missing symbols, and are rejected if that fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from toolchains.bazel import debian_modules
from toolchains.bazel.debian_modules import REQUIRED, adapt, exports
from toolchains.bazel.offline import OVERRIDES
from toolchains.debian.errors import UnavailableError

EXEC_TOOLS = f"{OVERRIDES['rules_python']}/python/py_exec_tools_toolchain.bzl"
BUILD = f"{OVERRIDES['rules_python']}/python/BUILD.bazel"


def copies(prefix: Path, *, without: str = "") -> Path:
    """Modules with all that the workspace loads, except what Debian's rules_python lacks."""
    for module, files in REQUIRED.items():
        for file, symbols in files.items():
            path = prefix / OVERRIDES[module] / file
            if path != prefix / EXEC_TOOLS:
                path.parent.mkdir(parents=True, exist_ok=True)
                lines = (f"{symbol} = None\n" for symbol in symbols if symbol != without)
                path.write_text("".join(lines))
    (prefix / BUILD).write_text("# Debian's\n")
    return prefix


def test_rules_python_gets_the_toolchain_of_build_time_tools(tmp_path: Path) -> None:
    """Catches: a workspace that loads only with the registry's rules_python."""
    adapt(copies(tmp_path))
    assert "py_exec_tools_toolchain" in exports((tmp_path / EXEC_TOOLS).read_text())
    build = (tmp_path / BUILD).read_text()
    assert build.startswith("# Debian's\n")
    assert 'toolchain_type(name = "exec_tools_toolchain_type")' in build
    assert 'name = "none"' in build


def test_a_newer_copy_is_not_changed(tmp_path: Path) -> None:
    """Catches: two targets with one name, once Debian has a newer rules_python."""
    prefix = copies(tmp_path)
    (prefix / EXEC_TOOLS).write_text("py_exec_tools_toolchain = None\n")
    adapt(prefix)
    assert (prefix / EXEC_TOOLS).read_text() == "py_exec_tools_toolchain = None\n"
    assert (prefix / BUILD).read_text() == "# Debian's\n"


def test_a_missing_symbol_is_named(tmp_path: Path) -> None:
    """Catches: a bootstrap that succeeds for a workspace that does not load."""
    with pytest.raises(UnavailableError) as caught:
        adapt(copies(tmp_path, without="repeatable_string_flag"))
    assert str(caught.value) == (
        "Debian's copy of the Bazel module bazel_skylib lacks repeatable_string_flag in "
        "rules/common_settings.bzl, which this workspace loads"
    )


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """Catches: a bootstrap that succeeds for a workspace that does not load."""
    prefix = copies(tmp_path)
    (prefix / "usr/share/bazel/rules/cc/cc/action_names.bzl").unlink()
    with pytest.raises(UnavailableError, match=r"module rules_cc lacks cc/action_names\.bzl"):
        adapt(prefix)


def test_a_file_exports_its_functions_and_assignments() -> None:
    """Catches: a loaded, private or local name counted as exported."""
    source = (
        'load("//a:b.bzl", "loaded", _renamed = "other")\n'
        "def function(argument = 1):\n    local = argument\n\n"
        "rule_of = rule(\n    attrs = {},\n)\n"
        "_private = 1\nre_exported = loaded\nif_equal == 1\n"
    )
    assert debian_modules.exports(source) == {"function", "rule_of", "re_exported"}
