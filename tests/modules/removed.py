"""Names that are not built into Bazel 9, and the files that define them.

From Bazel's table for --incompatible_autoload_externally: Bazel 8 still loads most of these
automatically, Bazel 9 does not. (Only read there; no Bazel newer than 7.7.1 was run.)
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.modules import starlark

_ANDROID = "@rules_android//rules:rules.bzl"


def _one_file_each(package: str, *names: str) -> dict[str, str]:
    return {name: f"{package}:{name}.bzl" for name in names}


# Values: globals of .bzl files.
GLOBALS = {
    "AndroidIdeInfo": "@rules_android//providers:providers.bzl",
    "CcInfo": "@rules_cc//cc/common:cc_info.bzl",
    "CcSharedLibraryHintInfo": "@rules_cc//cc/common:cc_shared_library_hint_info.bzl",
    "CcSharedLibraryInfo": "@rules_cc//cc/common:cc_shared_library_info.bzl",
    "CcToolchainConfigInfo": "@rules_cc//cc/toolchains:cc_toolchain_config_info.bzl",
    "DebugPackageInfo": "@rules_cc//cc/common:debug_package_info.bzl",
    "JavaInfo": "@rules_java//java/common:java_info.bzl",
    "JavaPluginInfo": "@rules_java//java/common:java_plugin_info.bzl",
    "ProguardSpecProvider": "@rules_java//java/common:proguard_spec_info.bzl",
    "ProtoInfo": "@protobuf//bazel/common:proto_info.bzl",
    "PyCcLinkParamsProvider": "@rules_python//python:py_cc_link_params_info.bzl",
    "PyInfo": "@rules_python//python:py_info.bzl",
    "PyRuntimeInfo": "@rules_python//python:py_runtime_info.bzl",
    "apple_common": "@apple_support//lib:apple_common.bzl",
    "cc_common": "@rules_cc//cc/common:cc_common.bzl",
    "cc_proto_aspect": "@protobuf//bazel/private:bazel_cc_proto_library.bzl",
    "java_common": "@rules_java//java/common:java_common.bzl",
    "proto_common_do_not_use": "@protobuf//bazel/common:proto_common.bzl",
}

# Rules: globals of BUILD files, and attributes of `native`.
RULES = {
    **dict.fromkeys(
        (
            "aar_import",
            "android_binary",
            "android_library",
            "android_local_test",
            "android_sdk",
            "android_tools_defaults_jar",
        ),
        _ANDROID,
    ),
    **_one_file_each(
        "@apple_support//xcode",
        "available_xcodes",
        "xcode_config",
        "xcode_config_alias",
        "xcode_version",
    ),
    **_one_file_each(
        "@protobuf//bazel",
        "cc_proto_library",
        "java_lite_proto_library",
        "java_proto_library",
        "proto_library",
    ),
    **_one_file_each("@protobuf//bazel/toolchains", "proto_lang_toolchain"),
    **_one_file_each(
        "@rules_cc//cc",
        "cc_binary",
        "cc_import",
        "cc_library",
        "cc_shared_library",
        "cc_test",
        "objc_import",
        "objc_library",
    ),
    **_one_file_each(
        "@rules_cc//cc/toolchains",
        "cc_toolchain",
        "cc_toolchain_suite",
        "fdo_prefetch_hints",
        "fdo_profile",
        "memprof_profile",
        "propeller_optimize",
    ),
    **_one_file_each(
        "@rules_java//java",
        "java_binary",
        "java_import",
        "java_library",
        "java_plugin",
        "java_test",
    ),
    **_one_file_each(
        "@rules_java//java/toolchains",
        "java_package_configuration",
        "java_runtime",
        "java_toolchain",
    ),
    **_one_file_each("@rules_python//python", "py_binary", "py_library", "py_runtime", "py_test"),
    **_one_file_each("@rules_shell//shell", "sh_binary", "sh_library", "sh_test"),
}

_LABELS = {**GLOBALS, **RULES}

_IN_TEXT = re.compile(r"^[ \t]*(" + "|".join(sorted(_LABELS)) + r")\(", re.MULTILINE)


def problems(source: str, name: str) -> Iterator[str]:
    """Yields a message for each name that a file uses but does not load.

    Raises:
      ModulesError: the file cannot be read.
    """
    tree = starlark.parse(source, name)
    bound = starlark.bound(tree)
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=used) if used in _LABELS and used not in bound:
                yield _message(name, node.lineno, used, _LABELS[used])
            case ast.Attribute(value=ast.Name(id="native"), attr=used) if used in RULES:
                yield _message(name, node.lineno, f"native.{used}", RULES[used])
    for text in starlark.texts(tree, source):
        loaded = {load.local for load in starlark.loads_in_text(text, name)}
        for match in _IN_TEXT.finditer(text.content):
            if (used := match[1]) not in loaded:
                line = text.line + text.content.count("\n", 0, match.start(1))
                yield _message(name, line, used, _LABELS[used])


def _message(name: str, line: int, used: str, label: str) -> str:
    return f"{name}:{line}: {used} is not built into Bazel 9; load it from {label}."
