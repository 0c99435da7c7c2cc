"""The module extension that fetches cmake and ninja."""

load("//toolchains/wheels:defs.bzl", "program_wheel")

def _cmake_impl(module_ctx):
    program_wheel(
        name = "cmake",
        build_file = "//toolchains/cmake:cmake.BUILD",
        executables = ["cmake/data/bin/cmake"],
        project = "cmake",
    )
    program_wheel(
        name = "ninja",
        build_file = "//toolchains/cmake:ninja.BUILD",
        executables = ["ninja-*.data/scripts/ninja"],
        project = "ninja",
    )
    return module_ctx.extension_metadata(
        root_module_direct_deps = ["cmake", "ninja"],
        root_module_direct_dev_deps = [],
    )

cmake = module_extension(
    implementation = _cmake_impl,
    doc = "Creates `@cmake` and `@ninja`, the programs for this machine.",
)
