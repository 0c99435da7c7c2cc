"""What targets make at another version than the one that is being built."""

def _transition_impl(_settings, attr):
    return {"//packaging:version": attr.version}

_transition = transition(
    implementation = _transition_impl,
    inputs = [],
    outputs = ["//packaging:version"],
)

def _at_version_impl(ctx):
    folders = []
    for target in ctx.attr.targets:
        for folder in target[DefaultInfo].files.to_list():
            # In runfiles, what is of both versions would have one path.
            made = ctx.actions.declare_directory("%s/%s" % (ctx.label.name, folder.basename))
            ctx.actions.symlink(output = made, target_file = folder)
            folders.append(made)
    return [DefaultInfo(files = depset(folders))]

at_version = rule(
    implementation = _at_version_impl,
    doc = "The folders that targets make, built at a version.",
    attrs = {
        "targets": attr.label_list(mandatory = True, cfg = _transition, doc = "The targets."),
        "version": attr.string(mandatory = True, doc = "The version, in canonical form."),
        "_allowlist_function_transition": attr.label(
            default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
        ),
    },
)
