"""Repositories with what a program created from Debian packages in the user's cache."""

_EXPORTED = 'exports_files(["%s"], visibility = ["//visibility:public"])\n'

_UNAVAILABLE = """\
load("@@//toolchains/python:unavailable.bzl", "unavailable")

unavailable(
    name = {name!r},
    reason = {reason!r},
    visibility = ["//visibility:public"],
)
"""

def _debian_repository_impl(rctx):
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
        reason = done.stderr.strip() or "%s failed" % rctx.attr.program

        # buildifier: disable=print
        print("not run: %s: %s." % (rctx.attr.purpose, reason))
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
                reason = "%s is not available: %s" % (rctx.attr.purpose, reason),
            )
    rctx.file("BUILD.bazel", build)

debian_repository = repository_rule(
    implementation = _debian_repository_impl,
    doc = """Runs a program that creates something from Debian packages, when a target needs it.

The repository contains the JSON object that the program prints. If the program fails, the object
has one key, `reason`, which is also printed.

```starlark
debian_repository(
    name = "rootfs",
    file = "rootfs.json",
    program = "//toolchains/rootfs:bootstrap.py",
    purpose = "containers without an image",
)
```""",
    attrs = {
        "arguments": attr.string_list(doc = "The program's arguments."),
        "file": attr.string(
            doc = "Name of the JSON file.",
            mandatory = True,
        ),
        "imports": attr.string_list(
            doc = "More directories of toolchains/ that the program imports from.",
        ),
        "links": attr.string_list(
            doc = "Keys of the JSON object whose files become files of the repository with the " +
                  "key as their name.",
        ),
        "program": attr.label(
            doc = "The program; it imports its own directory, toolchains/debian and `imports`.",
            mandatory = True,
        ),
        "purpose": attr.string(
            doc = "What does not run without it, for messages.",
            mandatory = True,
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
