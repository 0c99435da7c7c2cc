"""Repositories that tell what a program made from Debian's packages in the user's cache."""

def _made_impl(rctx):
    program = rctx.path(rctx.attr.program)
    for folder in [program.dirname, program.dirname.dirname.get_child("debian")]:
        rctx.watch_tree(folder)
    rctx.report_progress("unpacking Debian packages")
    done = rctx.execute([rctx.path(rctx.attr.python), "-IBS", program] + rctx.attr.arguments)
    content = done.stdout
    if done.return_code != 0:
        reason = done.stderr.strip() or "its preparation failed"

        # buildifier: disable=print
        print("not run: %s: %s." % (rctx.attr.serves, reason))
        content = json.encode_indent({"reason": reason}) + "\n"
    rctx.file(rctx.attr.file, content)
    rctx.file("BUILD.bazel", 'exports_files(["%s"], visibility = ["//visibility:public"])\n' % rctx.attr.file)

made = repository_rule(
    implementation = _made_impl,
    doc = """What a program made, as the JSON that it prints; made when a target needs it.

Where it cannot be had, the JSON has one key, `reason`, which is also printed.""",
    attrs = {
        "arguments": attr.string_list(doc = "The program's arguments."),
        "file": attr.string(
            doc = "Name of the JSON file.",
            mandatory = True,
        ),
        "program": attr.label(
            doc = "The program; it imports its own folder and toolchains/debian alone.",
            mandatory = True,
        ),
        "python": attr.label(
            default = "@pythons//:python",
            doc = "The interpreter that runs the program.",
        ),
        "serves": attr.string(
            doc = "What is not run without it, for the message.",
            mandatory = True,
        ),
    },
    configure = True,
    environ = ["HOME", "IREE_RELEASE_CACHE", "PATH", "XDG_CACHE_HOME"],
    local = True,
)
