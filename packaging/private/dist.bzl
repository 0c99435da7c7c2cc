"""The rules that assemble dist archives."""

load("//packaging/private:cells.bzl", "dist_filename")
load("//packaging/private:providers.bzl", "DistInfo", "DistLayoutInfo", "DistSetInfo", "NativePayloadInfo")
load("//packaging/private:tool.bzl", "run_tool", "tool_attr")
load("//packaging/private:version.bzl", "VERSION_ATTR", "version_of")
load("//platforms:defs.bzl", "platform_named")

_COMPRESS_THREADS = 2

def _compress_resources(_os, _inputs):
    return {"cpu": _COMPRESS_THREADS, "memory": 400}

def _compress(ctx, package, part_name, part, patterns):
    """Compresses what a dist takes from one part of a payload; returns blob and table.

    The action does not depend on the version, only on the part: a library that is alone in its part
    is compressed once for as long as it does not change.
    """
    stem = "%s/%s/%s" % (ctx.label.name, package, part_name.removesuffix(".zip"))
    blob = ctx.actions.declare_file(stem + ".xz")
    table = ctx.actions.declare_file(stem + ".xz.json")
    run_tool(
        ctx,
        tool = ctx.executable._compress,
        mnemonic = "CompressXz",
        progress_message = "Compressing %s of %s for %s" % (
            part_name.removesuffix(".zip"),
            package,
            ctx.attr.platform,
        ),
        inputs = [part],
        outputs = [blob, table],
        request = {
            "part": part.path,
            "patterns": patterns,
            "output": blob.path,
            "table": table.path,
            "threads": _COMPRESS_THREADS,
        },
        resource_set = _compress_resources,
    )
    return struct(blob = blob, table = table)

def _dist_impl(ctx):
    version = version_of(ctx)
    platform = platform_named(ctx.attr.platform)

    # In a directory of its own: the directory of a product has only the whole release.
    archive = ctx.actions.declare_file("%s/%s" % (
        ctx.label.name,
        dist_filename(ctx.attr.distribution, version, platform),
    ))
    layout = ctx.attr.layout[DistLayoutInfo]
    inputs = layout.files.values() + layout.templates.values()
    payloads = {}
    indexes = []
    for target, package in ctx.attr.payloads.items():
        payload = target[NativePayloadInfo]
        blobs = [
            _compress(
                ctx,
                package,
                name,
                part,
                [entry.pattern for entry in layout.contents if entry.payload == package],
            )
            for name, part in payload.parts.items()
            # Files that differ between Pythons do not go into dists.
            if name.removesuffix(".zip") not in payload.abi_tags
        ]
        for pair in blobs:
            inputs += [pair.blob, pair.table]
        indexes.append(payload.index)
        payloads[package] = {
            "index": payload.index.path,
            "blobs": [{"blob": pair.blob.path, "table": pair.table.path} for pair in blobs],
        }
    run_tool(
        ctx,
        tool = ctx.executable._assemble,
        mnemonic = "AssembleDist",
        progress_message = "Assembling %s" % archive.basename,
        inputs = inputs + indexes,
        outputs = [archive],
        request = {
            "output": archive.path,
            "version": version,
            "platform": platform.dist_suffix,
            "layout": [
                {
                    "payload": entry.payload,
                    "pattern": entry.pattern,
                    "to": entry.to,
                    "executable": entry.executable,
                    "link_from": entry.link_from,
                }
                for entry in layout.contents
            ],
            "payloads": payloads,
            "files": {path: file.path for path, file in layout.files.items()},
            "templates": {path: file.path for path, file in layout.templates.items()},
            "where": "%s/BUILD.bazel" % ctx.attr.layout.label.package,
        },
    )
    return [
        DefaultInfo(files = depset([archive])),
        DistInfo(
            file = archive,
            version = version,
            platform = ctx.attr.platform,
            indexes = indexes,
        ),
    ]

def _platform_transition_impl(_settings, attr):
    return {
        "//command_line_option:platforms": "//platforms:" + attr.platform,
        "//platforms:python_tag": "py3",
    }

_platform_transition = transition(
    implementation = _platform_transition_impl,
    inputs = [],
    outputs = ["//command_line_option:platforms", "//platforms:python_tag"],
)

dist = rule(
    implementation = _dist_impl,
    doc = """Assembles the dist archive of one platform: a tar.xz of native tools and libraries.

Its version is that of `//packaging:version`. Each part of a payload is compressed by an action of
its own, whose result is copied into the archive, so a new version costs a copy.

Example:

```starlark
dist(
    name = "dist_linux_x86_64",
    distribution = "abacus-dist",
    layout = ":linux_layout",
    payloads = {":payload": "abacus"},
    platform = "linux_x86_64",
)
```
""",
    provides = [DistInfo],
    attrs = {
        "distribution": attr.string(
            mandatory = True,
            doc = "First part of the archive's file name.",
        ),
        "layout": attr.label(
            mandatory = True,
            providers = [DistLayoutInfo],
            doc = "What the archive contains: a `dist_layout`.",
        ),
        "payloads": attr.label_keyed_string_dict(
            mandatory = True,
            cfg = _platform_transition,
            providers = [NativePayloadInfo],
            doc = "The payloads, with the names that the layout uses for them.",
        ),
        "platform": attr.string(mandatory = True, doc = "Name of the platform."),
        "_version": VERSION_ATTR,
        "_compress": tool_attr("//packaging/builder/assembly:compress"),
        "_assemble": tool_attr("//packaging/builder/assembly:dist"),
        "_allowlist_function_transition": attr.label(
            default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
        ),
    },
)

def _dist_set_impl(ctx):
    dists = [target[DistInfo] for target in ctx.attr.dists]
    return [
        DefaultInfo(files = depset([info.file for info in dists])),
        DistSetInfo(dists = dists),
    ]

dist_set = rule(
    implementation = _dist_set_impl,
    doc = """The dist archives of several platforms.

Example:

```starlark
dist_set(
    name = "dists",
    dists = [
        ":dist_linux_aarch64",
        ":dist_linux_x86_64",
    ],
)
```
""",
    provides = [DistSetInfo],
    attrs = {
        "dists": attr.label_list(
            mandatory = True,
            providers = [DistInfo],
            doc = "The archives.",
        ),
    },
)
