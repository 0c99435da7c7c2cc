"""The module extension that creates the file system of a release runner."""

load("//toolchains/debian:repository.bzl", "debian_repository")

def _runner_impl(module_ctx):
    debian_repository(
        name = "runner",
        file = "runner.json",
        imports = ["bazel"],
        links = ["layer"],
        program = "//toolchains/runner:bootstrap.py",
        purpose = "the image of a release runner",
    )
    return module_ctx.extension_metadata(
        reproducible = True,
        root_module_direct_deps = ["runner"],
        root_module_direct_dev_deps = [],
    )

runner = module_extension(
    implementation = _runner_impl,
    doc = "Creates `@runner//:layer`, a tar archive of the file system of a release runner.",
)
