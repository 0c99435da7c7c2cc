"""The compiler of build actions, as data and environment of tests that call it."""

load("//platforms:defs.bzl", "COMPILED_PLATFORMS")
load("//toolchains/zig:targets.bzl", "zig_triple")
load(":built_for.bzl", "built_for_tools")

_FILES = {
    "cmake": ["@cmake//:cmake/data/bin/cmake"],
    "cmake_share": ["@cmake//:share"],
    "driver": ["//toolchains/zig:driver"],
    "ninja": ["@ninja//:ninja"],
    "runtimes": [
        "//toolchains/zig:%s_%s" % (platform.name, language)
        for platform in COMPILED_PLATFORMS
        for language in ["c", "cxx"]
    ],
    "zig": ["@zig//:ziglang/zig"],
    "zig_lib": ["@zig//:lib"],
}

COMPILER_DATA = ["//tests/toolchains:" + name for name in _FILES]

# A variable for each entry of _FILES, and TARGETS with words PLATFORM=TRIPLE.
COMPILER_ENV = {
    name.upper(): "$(rootpaths //tests/toolchains:%s)" % name
    for name in _FILES
} | {
    "TARGETS": " ".join([
        "%s=%s" % (platform.name, zig_triple(platform))
        for platform in COMPILED_PLATFORMS
    ]),
}

# buildifier: disable=unnamed-macro
def compiler_targets():
    """Declares the targets of COMPILER_DATA."""
    for name, targets in _FILES.items():
        built_for_tools(
            name = name,
            targets = targets,
            visibility = ["//tests:__subpackages__"],
        )
