"""buildifier, from its official npm package."""

load(":npm.bzl", "fetch_package")

_PACKAGE = "@bazel/buildifier@8.2.1"
_INTEGRITY = "sha512-eZ/Aq+2r4PcJa6LbPCT6ffgIJfTU/gYilqIzoX2OLM4nNkbQC6tTMPZNn7aHHjhGPxbNLv41zm4Xqt1olCLgXw=="

_PROGRAMS = {
    ("linux", "aarch64"): "buildifier-linux_arm64",
    ("linux", "amd64"): "buildifier-linux_amd64",
    ("mac os x", "aarch64"): "buildifier-darwin_arm64",
    ("mac os x", "x86_64"): "buildifier-darwin_amd64",
}

_BUILD = """\
filegroup(
    name = "buildifier",
    srcs = {srcs},
    visibility = ["//visibility:public"],
)
"""

_DEFS = """\
# The reason why buildifier is missing, or None.
NOT_RUN = {not_run}
"""

def _buildifier_impl(rctx):
    program = _PROGRAMS.get((rctx.os.name, rctx.os.arch))
    if program:
        not_run = fetch_package(rctx, _PACKAGE, _INTEGRITY)
    else:
        not_run = "%s does not support %s on %s" % (_PACKAGE, rctx.os.name, rctx.os.arch)
    rctx.file("BUILD.bazel", _BUILD.format(srcs = [] if not_run else [program]))
    rctx.file("defs.bzl", _DEFS.format(not_run = repr(not_run)))

_buildifier = repository_rule(
    implementation = _buildifier_impl,
    doc = "Provides `:buildifier`, empty if it is missing, and NOT_RUN (defs.bzl) with the reason.",
)

buildifier = module_extension(
    implementation = lambda _mctx: _buildifier(name = "buildifier"),
    doc = "Creates the repository `@buildifier`.",
)
