"""The module extension that creates a clean root file system."""

load("//toolchains/debian:repository.bzl", "debian_repository")

def _rootfs_impl(module_ctx):
    debian_repository(
        name = "rootfs",
        file = "rootfs.json",
        program = "//toolchains/rootfs:bootstrap.py",
        purpose = "containers without an image",
    )
    return module_ctx.extension_metadata(
        reproducible = True,
        root_module_direct_deps = ["rootfs"],
        root_module_direct_dev_deps = [],
    )

rootfs = module_extension(
    implementation = _rootfs_impl,
    doc = "Creates `@rootfs//:rootfs.json`; its key `path` is a root directory for containers.",
)
