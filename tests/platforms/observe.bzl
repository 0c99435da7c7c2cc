"""Rules that read //platforms like other rules of the repository: under a transition."""

load("//platforms:defs.bzl", "platform_named")

ObservedInfo = provider(
    "The settings of a target that is built for a platform and a Python tag.",
    fields = {
        "constraints": "names of the constraint values that match",
        "platform": "the platform whose config_setting matched, or \"\"",
        "python_tag": "the tag whose config_setting matched, or \"\"",
    },
)

def _configure_impl(_settings, attr):
    return {
        "//command_line_option:platforms": [attr.under],
        "//platforms:python_tag": attr.under_python_tag,
    }

_configure = transition(
    implementation = _configure_impl,
    inputs = [],
    outputs = [
        "//command_line_option:platforms",
        "//platforms:python_tag",
    ],
)

def _observed_impl(ctx):
    return [ObservedInfo(
        constraints = [
            name
            for value, name in ctx.attr.constraints.items()
            if ctx.target_platform_has_constraint(value[platform_common.ConstraintValueInfo])
        ],
        platform = ctx.attr.platform,
        python_tag = ctx.attr.python_tag,
    )]

observed = rule(
    implementation = _observed_impl,
    doc = "Records the settings for a platform and a Python tag.",
    cfg = _configure,
    attrs = {
        "constraints": attr.label_keyed_string_dict(
            doc = "The constraint values to test, with their names.",
            providers = [platform_common.ConstraintValueInfo],
        ),
        "platform": attr.string(doc = "A select() over the platforms' config_settings."),
        "python_tag": attr.string(doc = "A select() over the tags' config_settings."),
        "under": attr.string(doc = "Label of the platform to build for."),
        "under_python_tag": attr.string(doc = "The Python tag to build for."),
        "_allowlist_function_transition": attr.label(
            default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
        ),
    },
)

def _lookup_impl(ctx):
    platform_named(ctx.attr.platform)
    return []

lookup = rule(
    implementation = _lookup_impl,
    doc = "Looks up a platform by name, and fails if platform_named() does.",
    attrs = {"platform": attr.string(doc = "The platform's name.")},
)
