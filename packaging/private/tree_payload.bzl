"""The rule that makes a payload from install trees."""

load("//packaging/private:payload.bzl", "PAYLOAD_ATTRS", "declare_payload", "for_all_pythons", "payload_target")
load("//packaging/private:providers.bzl", "InstallTreeInfo", "NativePayloadInfo")
load("//packaging/private:tool.bzl", "run_tool", "tool_attr")
load("//platforms:defs.bzl", "platform_named")

def _policy(platform):
    """Returns the manylinux policy that native files must comply with, or None."""
    if platform == "any":
        return None
    for tag in platform_named(platform).wheel_tags:
        if tag.startswith("manylinux_"):
            return tag
    return None

def _single(target):
    files = target.files.to_list()
    if len(files) != 1:
        fail("%s has %d files; `tree` must be one directory or one archive" % (
            target.label,
            len(files),
        ))
    return files[0]

def _tree_payload_impl(ctx):
    platform = ctx.attr.platform
    payload = declare_payload(ctx)
    trees = {}
    sources = {}
    kind = "tree"
    for tag, target in ctx.split_attr.tree.items():
        if InstallTreeInfo in target:
            info = target[InstallTreeInfo]
            trees[tag] = info.tree
            sources[ctx.attr.project] = info.sources
            kind = "cmake"
        else:
            trees[tag] = _single(target)
            sources["%s-%s" % (tag, trees[tag].basename)] = [trees[tag]]
    metadata = {"METADATA": ctx.file.metadata}
    if ctx.file.entry_points:
        metadata["entry_points.txt"] = ctx.file.entry_points
    run_tool(
        ctx,
        tool = ctx.executable._ingest,
        mnemonic = "TakeInTree",
        progress_message = "Checking and packing the trees of %s for %s" % (ctx.attr.project, platform),
        inputs = trees.values() + metadata.values() +
                 [file for files in sources.values() for file in files],
        outputs = payload.outputs,
        request = {
            "expected": {
                "kind": kind,
                "project": ctx.attr.project,
                "version": ctx.attr.version,
                "revision": ctx.attr.revision or None,
                "root": ctx.attr.root,
                "target": payload_target(platform),
                "policy": _policy(platform),
                "where": "%s/BUILD.bazel" % ctx.label.package,
            },
            "trees": {tag: tree.path for tag, tree in trees.items()},
            "metadata": {name: file.path for name, file in metadata.items()},
            "sources": {
                name: {file.short_path: file.path for file in files}
                for name, files in sources.items()
            },
        } | payload.request,
    )
    return payload.providers

def _tags_transition_impl(_settings, attr):
    return {tag: {"//platforms:python_tag": tag} for tag in attr.abi_tags}

_tags_transition = transition(
    implementation = _tags_transition_impl,
    inputs = [],
    outputs = ["//platforms:python_tag"],
)

tree_payload = rule(
    implementation = _tree_payload_impl,
    doc = """Makes a payload from install trees: directories, archives, or `cmake_install` targets.

The payload serves all Python tags, so it is made once per platform.

Most projects use the macro `install_tree_payload` instead, which also serves macos_universal2.

Example:

```starlark
tree_payload(
    name = "payload",
    abi_tags = {"cp312": "abi3"},
    metadata = "METADATA",
    platform = "linux_x86_64",
    project = "abacus",
    root = "python",
    tree = "@builds//:linux_x86_64",
    version = "1.0",
)
```
""",
    cfg = for_all_pythons,
    provides = [NativePayloadInfo],
    attrs = {
        "entry_points": attr.label(
            allow_single_file = [".txt"],
            doc = "entry_points.txt, if the package has Python scripts or launchers.",
        ),
        "metadata": attr.label(
            mandatory = True,
            allow_single_file = True,
            doc = "METADATA (core metadata) of the package: summary, author, links, description. " +
                  "Name, version, license and requirements are those of the `wheel`.",
        ),
        "revision": attr.string(doc = "The commit that the tree was built from, if known."),
        "root": attr.string(
            doc = "The directory of the tree that contains what goes into site-packages.",
        ),
        "tree": attr.label(
            mandatory = True,
            allow_files = True,
            cfg = _tags_transition,
            doc = "The tree: a directory, an archive of one, or a `cmake_install`. It is built for " +
                  "each Python tag; if trees differ by tag, use an alias that selects one " +
                  "by //platforms:is_cp311 and the like.",
        ),
        "_ingest": tool_attr("//packaging/builder/payload:tree"),
    } | PAYLOAD_ATTRS,
)
