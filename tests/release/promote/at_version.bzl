"""The directory that a target makes at a version other than that of the build."""

def _transition_impl(_settings, attr):
    return {"//packaging:other_version": attr.version}

_transition = transition(
    implementation = _transition_impl,
    inputs = [],
    outputs = ["//packaging:other_version"],
)

def _at_version_impl(ctx):
    (directory,) = ctx.files.target

    # In runfiles, the directories of both versions would have one path.
    made = ctx.actions.declare_directory(ctx.label.name)
    ctx.actions.symlink(output = made, target_file = directory)
    return [DefaultInfo(files = depset([made]))]

at_version = rule(
    implementation = _at_version_impl,
    doc = "The directory that a target makes, built at a version.",
    attrs = {
        "target": attr.label(mandatory = True, cfg = _transition, doc = "The target."),
        "version": attr.string(mandatory = True, doc = "The version, in canonical form."),
        "_allowlist_function_transition": attr.label(
            default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
        ),
    },
)
