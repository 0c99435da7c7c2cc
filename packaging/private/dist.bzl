"""The rules that assemble dist archives."""

load("//packaging/private:cells.bzl", "dist_filename")
load("//packaging/private:providers.bzl", "DistInfo", "DistSetInfo", "NativePayloadInfo")
load("//packaging/private:tool.bzl", "files_by_name", "run_tool", "tool_attr")
load("//packaging/private:version.bzl", "VERSION_ATTR", "version_of")
load("//platforms:defs.bzl", "platform_named")

_COMPRESS_THREADS = 2

def _compress_resources(_os, _inputs):
    return {"cpu": _COMPRESS_THREADS, "memory": 400}

def _compress(ctx, package, part_name, part, select):
    """Compresses what a dist takes from one part of a payload; returns blob and table.

    The action does not know the version, and is keyed by the part alone: a library that is alone
    in its part is compressed once for as long as its bytes stay the same.
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
            "select": select,
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
    archive = ctx.actions.declare_file(dist_filename(version, platform, ctx.attr.distribution))
    layout = [json.decode(rule) for rule in ctx.attr.layout]
    files = files_by_name(ctx.attr.files)
    templates = files_by_name(ctx.attr.templates)
    inputs = files.values() + templates.values()
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
                [rule["select"] for rule in layout if rule["payload"] == package],
            )
            for name, part in payload.parts.items()
            # What differs between Pythons has no place in a dist.
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
            "layout": layout,
            "payloads": payloads,
            "files": {path: file.path for path, file in files.items()},
            "templates": {path: file.path for path, file in templates.items()},
            "where": ctx.attr.where,
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
    doc = "The dist archive of one platform at //packaging:version: a tar.xz put together from " +
          "native files that are compressed once, each part by an action of its own.",
    provides = [DistInfo],
    attrs = {
        "distribution": attr.string(
            default = "iree-dist",
            doc = "What the archive's name begins with.",
        ),
        "platform": attr.string(mandatory = True, doc = "Name of the platform."),
        "payloads": attr.label_keyed_string_dict(
            mandatory = True,
            cfg = _platform_transition,
            providers = [NativePayloadInfo],
            doc = "The payloads, each with the name that the layout calls it by.",
        ),
        "layout": attr.string_list(
            mandatory = True,
            doc = "What is taken from the payloads and where it goes: JSON objects with the " +
                  "fields of Rule in packaging/assembly/layout.py.",
        ),
        "files": attr.label_keyed_string_dict(
            allow_files = True,
            doc = "Small files, each with its path in the archive.",
        ),
        "templates": attr.label_keyed_string_dict(
            allow_files = True,
            doc = "Text files with placeholders, each with its path in the archive.",
        ),
        "where": attr.string(
            mandatory = True,
            doc = "The file that declares the layout, for messages.",
        ),
        "_version": VERSION_ATTR,
        "_compress": tool_attr("//packaging/assembly:compress"),
        "_assemble": tool_attr("//packaging/assembly:dist"),
        "_allowlist_function_transition": attr.label(
            default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
        ),
    },
)

def _dist_set_impl(ctx):
    dists = [target[DistInfo] for target in ctx.attr.dists]
    return [
        DefaultInfo(files = depset([dist.file for dist in dists])),
        DistSetInfo(dists = dists),
    ]

dist_set = rule(
    implementation = _dist_set_impl,
    doc = "The dist archives of several platforms.",
    provides = [DistSetInfo],
    attrs = {
        "dists": attr.label_list(
            mandatory = True,
            providers = [DistInfo],
            doc = "The archives.",
        ),
    },
)
