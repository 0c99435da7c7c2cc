"""The module extension that fetches zig."""

load("//toolchains/wheels:defs.bzl", "program_wheel")

# The C libraries of our platforms. The other ones are a third of all files, and every file would be
# an input of every action.
_ONLY = {
    "ziglang/lib/libc": ["darwin", "glibc", "include", "mingw", "musl"],
    "ziglang/lib/libc/include": [
        "aarch64-linux-any",
        "aarch64-linux-gnu",
        "any-darwin-any",
        "any-linux-any",
        "any-windows-any",
        "generic-glibc",
        "x86-linux-any",
        "x86-linux-gnu",
    ],
}

def _zig_impl(module_ctx):
    program_wheel(
        name = "zig",
        build_file = "//toolchains/zig:zig.BUILD",
        executables = ["ziglang/zig"],
        only = _ONLY,
        project = "ziglang",
    )
    return module_ctx.extension_metadata(
        root_module_direct_deps = ["zig"],
        root_module_direct_dev_deps = [],
    )

zig = module_extension(
    implementation = _zig_impl,
    doc = "Creates `@zig`: the compiler for this machine, with its sources and headers.",
)
