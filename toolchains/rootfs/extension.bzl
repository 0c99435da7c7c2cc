"""The module extension that makes a clean root file system."""

load("//toolchains/debian:made.bzl", "made")

def _rootfs_impl(module_ctx):
    made(
        name = "rootfs",
        file = "rootfs.json",
        program = "//toolchains/rootfs:bootstrap.py",
        serves = "containers without an image",
    )
    return module_ctx.extension_metadata(
        reproducible = True,
        root_module_direct_deps = ["rootfs"],
        root_module_direct_dev_deps = [],
    )

rootfs = module_extension(
    implementation = _rootfs_impl,
    doc = "Makes `@rootfs//:rootfs.json`; its key `path` is a directory that containers can start from.",
)
