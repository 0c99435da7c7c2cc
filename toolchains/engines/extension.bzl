"""The module extension that provides the servers that builds are tested with."""

load("//platforms:pythons.bzl", "python_tag")
load("//toolchains/debian:repository.bzl", "debian_repository")
load("//toolchains/wheels:defs.bzl", "locked_wheels")

# The Python that runs BuildGrid.
ENGINE_PYTHON = "3.14"

ENGINE_PLATFORMS = {"linux_x86_64": ["manylinux_2_28_x86_64", "manylinux_2_17_x86_64"]}

def _engines_impl(module_ctx):
    debian_repository(
        name = "engines",
        file = "engines.json",
        program = "//toolchains/engines:bootstrap.py",
        purpose = "builds on a remote cache and remote workers",
    )
    locked_wheels(
        name = "buildgrid",
        abis = [python_tag(ENGINE_PYTHON), "abi3"],
        label = "linux_x86_64",
        lock = "//toolchains/engines:locks/linux_x86_64-%s.txt" % python_tag(ENGINE_PYTHON),
        fix = "./bazelw run //toolchains/engines:lock",
        platform_tags = ENGINE_PLATFORMS["linux_x86_64"],
        python_version = ENGINE_PYTHON,
    )
    return module_ctx.extension_metadata(
        root_module_direct_deps = ["buildgrid", "engines"],
        root_module_direct_dev_deps = [],
    )

engines = module_extension(
    implementation = _engines_impl,
    doc = "Creates `@engines//:engines.json`, whose keys bootstrap.py documents, and " +
          "`@buildgrid//:wheels`, BuildGrid and its dependencies.",
)
