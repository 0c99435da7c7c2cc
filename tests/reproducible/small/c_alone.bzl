"""A rule that builds targets without the C++ runtime, which takes a minute per platform."""

def _c_alone_impl(_settings, _attr):
    return {"//toolchains/zig:cxx": False}

_c_alone = transition(
    implementation = _c_alone_impl,
    inputs = [],
    outputs = ["//toolchains/zig:cxx"],
)

def _files_impl(ctx):
    files = depset(transitive = [target[DefaultInfo].files for target in ctx.attr.targets])
    return [DefaultInfo(files = files, runfiles = ctx.runfiles(transitive_files = files))]

c_alone = rule(
    implementation = _files_impl,
    doc = "The files of targets without C++ code.",
    attrs = {
        "targets": attr.label_list(mandatory = True, cfg = _c_alone, doc = "The targets."),
        "_allowlist_function_transition": attr.label(
            default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
        ),
    },
)
