"""The module extension that makes an emulated aarch64 Linux, when a target needs it."""

load("//platforms:matrix.bzl", "MATRIX")

def _emulation_impl(rctx):
    program = rctx.path(rctx.attr.bootstrap)
    for folder in [program.dirname, program.dirname.dirname.get_child("debian")]:
        rctx.watch_tree(folder)
    rctx.report_progress("unpacking Debian packages for arm64")
    done = rctx.execute([rctx.path(rctx.attr.python), "-IBS", program] + rctx.attr.pythons)
    content = done.stdout
    if done.return_code != 0:
        reason = done.stderr.strip() or "its preparation failed"

        # buildifier: disable=print
        print("not run: aarch64 programs: %s." % reason)
        content = json.encode_indent({"reason": reason}) + "\n"
    rctx.file("aarch64.json", content)
    rctx.file("BUILD.bazel", 'exports_files(["aarch64.json"], visibility = ["//visibility:public"])\n')

_emulation = repository_rule(
    implementation = _emulation_impl,
    doc = """An emulated aarch64 Linux, in the user's cache.

`:aarch64.json` says where: toolchains/emulation/bootstrap.py tells its keys; where it cannot be
had, its only key is `reason`.""",
    attrs = {
        "bootstrap": attr.label(
            default = "//toolchains/emulation:bootstrap.py",
            doc = "The program that makes it.",
        ),
        "python": attr.label(
            default = "@pythons//:python",
            doc = "The interpreter that runs the program.",
        ),
        "pythons": attr.string_list(
            doc = "The versions of Python that are asked for.",
            mandatory = True,
        ),
    },
    configure = True,
    environ = ["HOME", "IREE_RELEASE_CACHE", "PATH", "XDG_CACHE_HOME"],
    local = True,
)

def _extension_impl(module_ctx):
    _emulation(
        name = "emulation",
        pythons = MATRIX["linux_aarch64"],
    )
    return module_ctx.extension_metadata(
        reproducible = True,
        root_module_direct_deps = ["emulation"],
        root_module_direct_dev_deps = [],
    )

emulation = module_extension(
    implementation = _extension_impl,
    doc = "Makes `@emulation`.",
)
