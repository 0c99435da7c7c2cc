"""The module extension that makes a clean root file system, when a target needs it."""

def _rootfs_impl(rctx):
    program = rctx.path(rctx.attr.bootstrap)
    for folder in [program.dirname, program.dirname.dirname.get_child("debian")]:
        rctx.watch_tree(folder)
    rctx.report_progress("unpacking Debian packages")
    done = rctx.execute([rctx.path(rctx.attr.python), "-IBS", program])
    made = done.return_code == 0
    reason = None if made else done.stderr.strip() or "its preparation failed"
    if reason:
        # buildifier: disable=print
        print("not run: no root file system for containers: %s." % reason)
    rctx.file("rootfs.json", json.encode_indent({
        "path": done.stdout.strip() if made else None,
        "reason": reason,
    }) + "\n")
    rctx.file("BUILD.bazel", 'exports_files(["rootfs.json"], visibility = ["//visibility:public"])\n')

_rootfs = repository_rule(
    implementation = _rootfs_impl,
    doc = """A clean root file system with Python, in the user's cache.

`:rootfs.json` says where: `path` is a folder; where it cannot be had, that is null, and `reason`
says why.""",
    attrs = {
        "bootstrap": attr.label(
            default = "//toolchains/rootfs:bootstrap.py",
            doc = "The program that makes it.",
        ),
        "python": attr.label(
            default = "@pythons//:python",
            doc = "The interpreter that runs the program.",
        ),
    },
    configure = True,
    environ = ["HOME", "IREE_RELEASE_CACHE", "PATH", "XDG_CACHE_HOME"],
    local = True,
)

def _rootfs_extension_impl(module_ctx):
    _rootfs(name = "rootfs")
    return module_ctx.extension_metadata(
        reproducible = True,
        root_module_direct_deps = ["rootfs"],
        root_module_direct_dev_deps = [],
    )

rootfs = module_extension(
    implementation = _rootfs_extension_impl,
    doc = "Makes `@rootfs`, a root file system that containers can start from.",
)
