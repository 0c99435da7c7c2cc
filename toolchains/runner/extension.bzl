"""The module extension that makes the file system of a release runner."""

load("//toolchains/debian:made.bzl", "made")

def _runner_impl(module_ctx):
    made(
        name = "runner",
        file = "runner.json",
        imports = ["bazel"],
        links = ["layer"],
        program = "//toolchains/runner:bootstrap.py",
        serves = "the image of a release runner",
    )
    return module_ctx.extension_metadata(
        reproducible = True,
        root_module_direct_deps = ["runner"],
        root_module_direct_dev_deps = [],
    )

runner = module_extension(
    implementation = _runner_impl,
    doc = "Makes `@runner//:layer`, a tar archive of the file system of a release runner.",
)
