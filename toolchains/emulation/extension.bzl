"""The module extension that sets up an emulated aarch64 Linux."""

load("//platforms:matrix.bzl", "MATRIX")
load("//toolchains/debian:repository.bzl", "debian_repository")

def _emulation_impl(module_ctx):
    debian_repository(
        name = "emulation",
        arguments = MATRIX["linux_aarch64"],
        file = "aarch64.json",
        program = "//toolchains/emulation:bootstrap.py",
        purpose = "aarch64 programs",
    )
    return module_ctx.extension_metadata(
        reproducible = True,
        root_module_direct_deps = ["emulation"],
        root_module_direct_dev_deps = [],
    )

emulation = module_extension(
    implementation = _emulation_impl,
    doc = "Creates `@emulation//:aarch64.json`; bootstrap.py documents its keys.",
)
