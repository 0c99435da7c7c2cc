"""Repositories that tell what a program made from Debian's packages in the user's cache."""

_EXPORTED = 'exports_files(["%s"], visibility = ["//visibility:public"])\n'

_UNAVAILABLE = """\
load("@@//toolchains/python:unavailable.bzl", "unavailable")

unavailable(
    name = {name!r},
    reason = {reason!r},
    visibility = ["//visibility:public"],
)
"""

def _made_impl(rctx):
    program = rctx.path(rctx.attr.program)
    for directory in [program.dirname] + [
        program.dirname.dirname.get_child(name)
        for name in ["debian"] + rctx.attr.imports
    ]:
        rctx.watch_tree(directory)
    rctx.report_progress("unpacking Debian packages")
    done = rctx.execute([rctx.path(rctx.attr.python), "-IBS", program] + rctx.attr.arguments)
    content, reason = done.stdout, None
    if done.return_code != 0:
        reason = done.stderr.strip() or "its preparation failed"

        # buildifier: disable=print
        print("not run: %s: %s." % (rctx.attr.serves, reason))
        content = json.encode_indent({"reason": reason}) + "\n"
    rctx.file(rctx.attr.file, content)
    build = _EXPORTED % rctx.attr.file
    for key in rctx.attr.links:
        if done.return_code == 0:
            rctx.symlink(json.decode(content)[key], key)
            build += _EXPORTED % key
        else:
            build += _UNAVAILABLE.format(
                name = key,
                reason = "%s cannot be had: %s" % (rctx.attr.serves, reason),
            )
    rctx.file("BUILD.bazel", build)

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
        "imports": attr.string_list(
            doc = "Further directories of toolchains/ from which the program imports.",
        ),
        "links": attr.string_list(
            doc = "Keys of the JSON whose files become files of the repository, named like the key.",
        ),
        "program": attr.label(
            doc = "The program; it imports its own directory, toolchains/debian and `imports`.",
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
