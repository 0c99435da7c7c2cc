"""The rules that say which files go where in a dist archive."""

load("//packaging/private:providers.bzl", "DistFilesInfo", "DistLayoutInfo")
load("//packaging/private:tool.bzl", "files_by_name")

def _dist_files_impl(ctx):
    return [DistFilesInfo(
        payload = ctx.attr.payload,
        pattern = ctx.attr.pattern,
        to = ctx.attr.to,
        executable = ctx.attr.executable,
        link_from = ctx.attr.link_from or None,
    )]

dist_files = rule(
    implementation = _dist_files_impl,
    doc = """Files of a payload, and the directory of a dist archive that they go to.

Example:

```starlark
dist_files(
    name = "tools",
    executable = True,
    link_from = "bin",
    pattern = "abacus/abacus-*",
    payload = "abacus",
    to = "lib",
)
```
""",
    provides = [DistFilesInfo],
    attrs = {
        "executable": attr.bool(doc = "Whether the files have mode 0755 instead of 0644."),
        "link_from": attr.string(
            doc = "A directory of the archive that gets a symbolic link to each of the files.",
        ),
        "pattern": attr.string(
            mandatory = True,
            doc = "The files, by their paths in the payload. `*` matches within one path segment; a " +
                  "pattern that matches no file is an error.",
        ),
        "payload": attr.string(
            mandatory = True,
            doc = "The payload, by the name that `payloads` of the `dist` gives it.",
        ),
        "to": attr.string(
            mandatory = True,
            doc = "The directory of the archive that the files go to.",
        ),
    },
)

def _dist_layout_impl(ctx):
    return [DistLayoutInfo(
        contents = [target[DistFilesInfo] for target in ctx.attr.contents],
        files = files_by_name(ctx.attr.files),
        templates = files_by_name(ctx.attr.templates),
    )]

dist_layout = rule(
    implementation = _dist_layout_impl,
    doc = """What a dist archive contains.

Example:

```starlark
dist_layout(
    name = "linux_layout",
    contents = [
        ":library",
        ":tools",
    ],
    files = {"//:LICENSE": "LICENSE"},
    templates = {"README.md": "README.md"},
)
```
""",
    provides = [DistLayoutInfo],
    attrs = {
        "contents": attr.label_list(
            mandatory = True,
            providers = [DistFilesInfo],
            doc = "The files of payloads: targets of `dist_files`.",
        ),
        "files": attr.label_keyed_string_dict(
            allow_files = True,
            doc = "Small files that are added unchanged, with their paths in the archive.",
        ),
        "templates": attr.label_keyed_string_dict(
            allow_files = True,
            doc = "Text files with their paths in the archive. `@DIST_VERSION@`, " +
                  "`@DIST_VERSION_NUMERIC@` and `@DIST_PLATFORM@` are replaced in them.",
        ),
    },
)
