"""Brings Debian's copies of the Bazel modules up to what the workspace asks of them.

Debian's rules_python is 0.22.1, and MODULE.bazel is written for the versions that it pins. What
those have and Debian's copies lack is added here, in the prefix, where nothing depends on it.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from toolchains.bazel.offline import OVERRIDES
from toolchains.debian.errors import UnavailableError

_EXEC_TOOLS = '''\
"""Stands in for the toolchain of build-time tools, which rules_python has from 0.31 on.

Nothing asks for the toolchain in this version: its libraries are not compiled ahead of time.
"""

def _py_exec_tools_toolchain_impl(_ctx):
    return [platform_common.ToolchainInfo()]

py_exec_tools_toolchain = rule(
    implementation = _py_exec_tools_toolchain_impl,
    attrs = {
        "exec_interpreter": attr.label(),
        "precompiler": attr.label(),
    },
)
'''

_TARGETS = """
# What rules_python has from 0.31 on.
toolchain_type(name = "exec_tools_toolchain_type")

filegroup(name = "none")
"""

REQUIRED: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "rules_cc": {
        "cc/action_names.bzl": ("ACTION_NAMES",),
        "cc/cc_binary.bzl": ("cc_binary",),
        "cc/cc_toolchain_config_lib.bzl": (
            *("action_config", "artifact_name_pattern", "env_entry", "env_set", "feature"),
            *("flag_group", "flag_set", "tool"),
        ),
        "cc/common/cc_common.bzl": ("cc_common",),
        "cc/defs.bzl": ("cc_binary", "cc_library"),
        "cc/find_cc_toolchain.bzl": ("find_cc_toolchain", "use_cc_toolchain"),
        "cc/toolchains/cc_toolchain.bzl": ("cc_toolchain",),
        "cc/toolchains/cc_toolchain_config_info.bzl": ("CcToolchainConfigInfo",),
    },
    "rules_python": {
        "python/defs.bzl": (
            *("PyInfo", "py_binary", "py_library", "py_runtime", "py_runtime_pair", "py_test"),
        ),
        "python/py_exec_tools_toolchain.bzl": ("py_exec_tools_toolchain",),
    },
    "platforms": {"host/constraints.bzl": ("HOST_CONSTRAINTS",)},
    "bazel_skylib": {
        "lib/unittest.bzl": ("analysistest", "asserts", "unittest"),
        "rules/common_settings.bzl": (
            *("BuildSettingInfo", "bool_flag", "repeatable_string_flag"),
            *("string_flag", "string_setting"),
        ),
        "rules/write_file.bzl": ("write_file",),
    },
}
"""What the workspace loads from other modules: symbols, by module and file; a test compares it."""


def adapt(prefix: Path) -> None:
    """Adds to Debian's copies of the modules, below `prefix`, what the workspace asks for.

    Raises:
        UnavailableError: a copy is not what this was written for, or lacks something still.
    """
    python = prefix / OVERRIDES["rules_python"] / "python"
    build, exec_tools = python / "BUILD.bazel", python / "py_exec_tools_toolchain.bzl"
    # A newer copy may have them.
    if not exec_tools.exists():
        exec_tools.write_text(_EXEC_TOOLS, encoding="utf-8")
        if not build.is_file():
            raise UnavailableError(f"Debian's rules_python has no {build.relative_to(prefix)}")
        with build.open("a", encoding="utf-8") as file:
            file.write(_TARGETS)
    check(prefix)


def check(prefix: Path) -> None:
    """Checks that Debian's copies have what the workspace loads.

    Raises:
        UnavailableError: one of them lacks a file or a symbol; the message names the first.
    """
    for module, files in REQUIRED.items():
        for file, symbols in files.items():
            path = prefix / OVERRIDES[module] / file
            if not path.is_file():
                raise UnavailableError(
                    f"Debian's copy of the Bazel module {module} has no {file}, "
                    "which this workspace loads"
                )
            exported = exports(path.read_text(encoding="utf-8"))
            for symbol in symbols:
                if symbol not in exported:
                    raise UnavailableError(
                        f"Debian's copy of the Bazel module {module} has no {symbol} "
                        f"in {file}, which this workspace loads"
                    )


def exports(source: str) -> set[str]:
    """The names that a .bzl file exports: functions and assignments at its top level."""
    found = re.finditer(r"^def ([A-Za-z]\w*)|^([A-Za-z]\w*)\s*=(?!=)", source, re.MULTILINE)
    return {name[1] or name[2] for name in found}
