"""Rules that build targets for every platform, as packages are built, or as tools."""

load("//platforms:defs.bzl", "COMPILED_PLATFORMS")

def _every_platform_impl(_settings, _attr):
    return {
        platform.name: {"//command_line_option:platforms": "//platforms:" + platform.name}
        for platform in COMPILED_PLATFORMS
    }

_every_platform = transition(
    implementation = _every_platform_impl,
    inputs = [],
    outputs = ["//command_line_option:platforms"],
)

def _built_for_platforms_impl(ctx):
    files = []
    for platform, targets in ctx.split_attr.targets.items():
        built = depset(transitive = [target[DefaultInfo].files for target in targets])
        for file in built.to_list():
            path = "%s/%s/%s" % (ctx.label.name, platform, file.basename)
            link = ctx.actions.declare_file(path)
            ctx.actions.symlink(output = link, target_file = file)
            files.append(link)
    return [DefaultInfo(files = depset(files), runfiles = ctx.runfiles(files))]

def _for_tools_impl(ctx):
    files = depset(transitive = [target[DefaultInfo].files for target in ctx.attr.targets])
    return [DefaultInfo(files = files, runfiles = ctx.runfiles(transitive_files = files))]

built_for_tools = rule(
    implementation = _for_tools_impl,
    doc = "The files of targets in the configuration of tools, which shares them with build actions.",
    attrs = {"targets": attr.label_list(allow_files = True, cfg = "exec", doc = "What to build.")},
)

built_for_platforms = rule(
    implementation = _built_for_platforms_impl,
    doc = "NAME/PLATFORM/FILE for each file of the targets and each of //platforms.",
    attrs = {
        "targets": attr.label_list(cfg = _every_platform, doc = "What to build."),
        "_allowlist_function_transition": attr.label(
            default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
        ),
    },
)
