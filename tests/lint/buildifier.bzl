"""buildifier, from the npm package of its makers, fetched with the host's npm.

Its makers' other downloads need their download site; an npm registry, or a mirror of one, is what
the host's npm is set up for. The pinned digest decides, not the registry.
"""

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
# Why there is no buildifier; None when there is one.
NOT_RUN = {not_run}
"""

def _fetch(rctx, npm):
    packed = rctx.execute([npm, "pack", "--loglevel=error", _PACKAGE])
    if packed.return_code:
        fail("`npm pack %s` ended with %d; check npm's configuration and the network: %s" % (
            _PACKAGE,
            packed.return_code,
            packed.stderr.strip().replace("\n", " "),
        ))
    archive = packed.stdout.strip().rpartition("\n")[2]

    # Bazel checks the digest of what it downloads, also from a file.
    rctx.download_and_extract(
        url = "file://%s" % rctx.path(archive),
        integrity = _INTEGRITY,
        stripPrefix = "package",
    )
    rctx.delete(archive)

def _buildifier_impl(rctx):
    program = _PROGRAMS.get((rctx.os.name, rctx.os.arch))
    npm = rctx.which("npm")
    not_run = None
    if not program:
        not_run = "%s has no program for %s on %s" % (_PACKAGE, rctx.os.name, rctx.os.arch)
    elif not npm:
        not_run = "npm is not on PATH"

        # Look again when PATH has changed.
        rctx.getenv("PATH")
    else:
        _fetch(rctx, npm)
    rctx.file("BUILD.bazel", _BUILD.format(srcs = [] if not_run else [program]))
    rctx.file("defs.bzl", _DEFS.format(not_run = repr(not_run)))

_buildifier = repository_rule(
    implementation = _buildifier_impl,
    doc = "Provides :buildifier, empty where there is none, and NOT_RUN (defs.bzl) which says why.",
)

buildifier = module_extension(
    implementation = lambda _mctx: _buildifier(name = "buildifier"),
    doc = "Provides the repository @buildifier.",
)
