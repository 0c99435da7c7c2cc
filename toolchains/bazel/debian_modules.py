"""Adds to Debian's copies of the Bazel modules what the workspace needs from newer versions.

Debian's rules_python is 0.22.1, and MODULE.bazel pins newer versions. The missing files and targets
are added to the copies in the prefix, where nothing else depends on them.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from toolchains.bazel.offline import OVERRIDES
from toolchains.debian.errors import UnavailableError

_EXEC_TOOLS = '''\
"""A placeholder for the toolchain of build-time tools, which rules_python has since 0.31.

This version does not compile libraries ahead of time, so nothing uses the toolchain.
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
# Targets that rules_python has since 0.31.
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
"""Symbols that the workspace loads from other modules, by module and file; checked by a test."""


def adapt(prefix: Path) -> None:
    """Adds what the workspace needs to Debian's copies of the modules below `prefix`.

    Raises:
        UnavailableError: a copy has an unexpected layout, or still lacks something.
    """
    python = prefix / OVERRIDES["rules_python"] / "python"
    build, exec_tools = python / "BUILD.bazel", python / "py_exec_tools_toolchain.bzl"
    # A newer copy may already have them.
    if not exec_tools.exists():
        exec_tools.write_text(_EXEC_TOOLS, encoding="utf-8")
        if not build.is_file():
            raise UnavailableError(f"Debian's rules_python lacks {build.relative_to(prefix)}")
        with build.open("a", encoding="utf-8") as file:
            file.write(_TARGETS)
    check(prefix)


def check(prefix: Path) -> None:
    """Checks that Debian's copies have all that the workspace loads.

    Raises:
        UnavailableError: a copy lacks a file or a symbol; the message names the first.
    """
    for module, files in REQUIRED.items():
        for file, symbols in files.items():
            path = prefix / OVERRIDES[module] / file
            if not path.is_file():
                raise UnavailableError(
                    f"Debian's copy of the Bazel module {module} lacks {file}, "
                    "which this workspace loads"
                )
            exported = exports(path.read_text(encoding="utf-8"))
            for symbol in symbols:
                if symbol not in exported:
                    raise UnavailableError(
                        f"Debian's copy of the Bazel module {module} lacks {symbol} "
                        f"in {file}, which this workspace loads"
                    )


def exports(source: str) -> set[str]:
    """The names that a .bzl file exports: functions and assignments at its top level."""
    found = re.finditer(r"^def ([A-Za-z]\w*)|^([A-Za-z]\w*)\s*=(?!=)", source, re.MULTILINE)
    return {name[1] or name[2] for name in found}
