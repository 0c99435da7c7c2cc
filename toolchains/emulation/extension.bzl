"""The module extension that makes an emulated aarch64 Linux."""

load("//platforms:matrix.bzl", "MATRIX")
load("//toolchains/debian:made.bzl", "made")

def _emulation_impl(module_ctx):
    made(
        name = "emulation",
        arguments = MATRIX["linux_aarch64"],
        file = "aarch64.json",
        program = "//toolchains/emulation:bootstrap.py",
        serves = "aarch64 programs",
    )
    return module_ctx.extension_metadata(
        reproducible = True,
        root_module_direct_deps = ["emulation"],
        root_module_direct_dev_deps = [],
    )

emulation = module_extension(
    implementation = _emulation_impl,
    doc = "Makes `@emulation//:aarch64.json`; bootstrap.py tells its keys.",
)
