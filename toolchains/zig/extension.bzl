"""The module extension that fetches zig."""

load("//toolchains/wheels:defs.bzl", "program_wheel")

def _zig_impl(module_ctx):
    program_wheel(
        name = "zig",
        build_file = "//toolchains/zig:zig.BUILD",
        executables = ["ziglang/zig"],
        project = "ziglang",
    )
    return module_ctx.extension_metadata(
        root_module_direct_deps = ["zig"],
        root_module_direct_dev_deps = [],
    )

zig = module_extension(
    implementation = _zig_impl,
    doc = "Makes `@zig`: the compiler for this machine, and its sources and headers.",
)
