"""The rules that make a release: its plan, the directories of its files, and its manifest."""

load("//packaging/private:cells.bzl", "plan")
load("//packaging/private:providers.bzl", "DistSetInfo", "ProductInfo", "WheelSetInfo")
load("//packaging/private:tool.bzl", "run_tool", "tool_attr")
load("//packaging/private:version.bzl", "VERSION_ATTR", "version_of")
load("//packaging/private:without.bzl", "WITHOUT_ATTR", "left_out")

def _plan_impl(ctx):
    out = ctx.actions.declare_file(ctx.label.name + ".json")
    content = plan(ctx.attr.product[ProductInfo], version_of(ctx))
    ctx.actions.write(out, json.encode_indent(content, indent = "  ") + "\n")
    return [DefaultInfo(files = depset([out]))]

release_plan = rule(
    implementation = _plan_impl,
    doc = """Writes NAME.json, the plan: what a release at `//packaging:version` consists of.

It has a cell for each package, platform and Python, with the wheel that must serve it and whether
the cell is required, and likewise each dist archive.

Example:

```starlark
release_plan(
    name = "plan",
    product = ":product",
)
```
""",
    attrs = {
        "product": attr.label(
            mandatory = True,
            providers = [ProductInfo],
            doc = "The product: a `product_description`.",
        ),
        "_version": VERSION_ATTR,
    },
)

def _collect(ctx, directory, files):
    """Copies files into a directory that contains nothing else, and returns it."""
    out = ctx.actions.declare_directory(directory)
    run_tool(
        ctx,
        tool = ctx.executable._collect,
        mnemonic = "Collect",
        progress_message = "Collecting %d files in %s" % (len(files), out.short_path),
        inputs = files,
        outputs = [out],
        request = {"output": out.path, "files": [file.path for file in files]},
    )
    return out

def _wheelhouse_impl(ctx):
    wheels = [wheel for target in ctx.attr.wheels for wheel in target[WheelSetInfo].wheels]
    directory = _collect(ctx, ctx.attr.directory, [wheel.file for wheel in wheels])
    return [
        DefaultInfo(files = depset([directory])),
        WheelSetInfo(wheels = wheels),
    ]

wheelhouse = rule(
    implementation = _wheelhouse_impl,
    doc = """A directory that contains the wheels of a release and nothing else.

Example:

```starlark
wheelhouse(
    name = "all_wheels",
    wheels = [":wheels"],
)
```
""",
    provides = [WheelSetInfo],
    attrs = {
        "directory": attr.string(default = "wheelhouse", doc = "Name of the directory."),
        "wheels": attr.label_list(
            mandatory = True,
            providers = [WheelSetInfo],
            doc = "The wheels: targets of `wheel_variants`.",
        ),
        "_collect": tool_attr("//packaging/builder/assembly:collect"),
    },
)

def _dist_directory_impl(ctx):
    dists = ctx.attr.dists[DistSetInfo].dists
    directory = _collect(ctx, ctx.attr.directory, [info.file for info in dists])
    return [
        DefaultInfo(files = depset([directory])),
        DistSetInfo(dists = dists),
    ]

dist_directory = rule(
    implementation = _dist_directory_impl,
    doc = """A directory that contains the dist archives of a release and nothing else.

Example:

```starlark
dist_directory(
    name = "all_dists",
    dists = ":dists",
)
```
""",
    provides = [DistSetInfo],
    attrs = {
        "directory": attr.string(default = "dists", doc = "Name of the directory."),
        "dists": attr.label(
            mandatory = True,
            providers = [DistSetInfo],
            doc = "The dist archives: a `dist_set`.",
        ),
        "_collect": tool_attr("//packaging/builder/assembly:collect"),
    },
)

def _manifest_impl(ctx):
    wheels = ctx.attr.wheels[WheelSetInfo].wheels
    dists = ctx.attr.dists[DistSetInfo].dists if ctx.attr.dists else []
    manifest = ctx.actions.declare_file(ctx.label.name + ".json")
    sums = ctx.actions.declare_file("SHA256SUMS")
    indexes = depset(
        [wheel.index for wheel in wheels] + [index for info in dists for index in info.indexes],
    ).to_list()
    run_tool(
        ctx,
        tool = ctx.executable._write,
        mnemonic = "Manifest",
        progress_message = "Writing %s" % manifest.short_path,
        inputs = [ctx.file.plan] + indexes +
                 [wheel.file for wheel in wheels] + [info.file for info in dists],
        outputs = [manifest, sums],
        request = {
            "plan": ctx.file.plan.path,
            "wheels": [
                {"path": wheel.file.path, "package": wheel.distribution, "index": wheel.index.path}
                for wheel in wheels
            ],
            "dists": [
                {
                    "path": dist.file.path,
                    "platform": dist.platform,
                    "indexes": [index.path for index in dist.indexes],
                }
                for dist in dists
            ],
            "without": left_out(ctx),
            "manifest": manifest.path,
            "sums": sums.path,
        },
    )
    return [DefaultInfo(files = depset([manifest, sums]))]

release_manifest = rule(
    implementation = _manifest_impl,
    doc = """Writes NAME.json, the manifest of a release, and SHA256SUMS.

The manifest has each file of the release with its digest, its size and the origin of its native
code, and each cell of the plan with the file that serves it.

Example:

```starlark
release_manifest(
    name = "manifest",
    dists = ":all_dists",
    plan = ":plan",
    wheels = ":all_wheels",
)
```
""",
    attrs = {
        "plan": attr.label(mandatory = True, allow_single_file = [".json"], doc = "The plan."),
        "wheels": attr.label(
            mandatory = True,
            providers = [WheelSetInfo],
            doc = "All wheels of the release: a `wheelhouse`.",
        ),
        "dists": attr.label(
            providers = [DistSetInfo],
            doc = "All dist archives of the release: a `dist_directory`. None if it has none.",
        ),
        "_without": WITHOUT_ATTR,
        "_write": tool_attr("//packaging/builder/assembly:manifest"),
    },
)
