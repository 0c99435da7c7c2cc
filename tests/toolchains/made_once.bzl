"""Tests that files which no setting affects are built by one action, whatever the settings are."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")

_PathsInfo = provider(
    doc = "The files of targets that were built with several settings.",
    fields = {"paths": "dict of lists of distinct paths, by the path in runfiles"},
)

_DEFAULTS = {
    "//packaging:other_version": "",
    "//platforms:python_tag": "py3",
    "//toolchains/zig:cxx": True,
}

_SETTINGS = {
    "the defaults": {},
    "another version": {"//packaging:other_version": "3.14.0"},
    "C only": {"//toolchains/zig:cxx": False},
    "a Python tag": {"//platforms:python_tag": "cp312"},
}

def _each_setting_impl(_settings, attr):
    return {
        "%s, for %s" % (name, platform): _DEFAULTS | changed | {
            "//command_line_option:platforms": "//platforms:" + platform,
        }
        for name, changed in _SETTINGS.items()
        if name in attr.settings
        for platform in attr.platforms
    }

_each_setting = transition(
    implementation = _each_setting_impl,
    inputs = [],
    outputs = _DEFAULTS.keys() + ["//command_line_option:platforms"],
)

def _with_each_setting_impl(ctx):
    paths = {}
    for targets in ctx.split_attr.targets.values():
        for target in targets:
            for file in target[DefaultInfo].files.to_list():
                paths.setdefault(file.short_path, {})[file.path] = None
    return [_PathsInfo(paths = {name: built.keys() for name, built in paths.items()})]

_with_each_setting = rule(
    implementation = _with_each_setting_impl,
    doc = "Targets with each of several settings.",
    attrs = {
        "platforms": attr.string_list(mandatory = True, doc = "Names of the platforms to build for."),
        "settings": attr.string_list(mandatory = True, doc = "Keys of _SETTINGS."),
        "targets": attr.label_list(
            mandatory = True,
            allow_files = True,
            cfg = _each_setting,
            doc = "The targets.",
        ),
        "_allowlist_function_transition": attr.label(
            default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
        ),
    },
)

def _made_once_test_impl(ctx):
    env = analysistest.begin(ctx)
    paths = analysistest.target_under_test(env)[_PathsInfo].paths
    asserts.true(env, paths, "no file is built")
    for name, built in paths.items():
        asserts.equals(env, 1, len(built), "%s is built %d times: %s" % (name, len(built), built))
    return analysistest.end(env)

_made_once_test = analysistest.make(_made_once_test_impl)

def made_once_test(name, targets, platforms, settings = _SETTINGS.keys()):
    """Tests that the files of targets are the same with all settings and platforms.

    Catches: a C++ runtime compiled again for each version, which takes minutes.

    Args:
      name: name of the test.
      targets: the targets.
      platforms: names of the platforms to build for.
      settings: keys of _SETTINGS; all by default.
    """
    _with_each_setting(
        name = name + "_with_each_setting",
        platforms = platforms,
        settings = settings,
        tags = ["manual"],
        targets = targets,
    )
    _made_once_test(
        name = name,
        target_under_test = name + "_with_each_setting",
    )
