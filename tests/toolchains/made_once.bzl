"""What no setting says anything to is made by one action, whatever is set on the way to it."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")

_PathsInfo = provider(
    doc = "The files of targets that were asked for in several ways.",
    fields = {"paths": "dict of lists of paths, each once, by the path that Bazel has in runfiles"},
)

_USUAL = {
    "//packaging:other_version": "",
    "//platforms:python_tag": "py3",
    "//toolchains/zig:cxx": True,
}

_WAYS = {
    "as it is": {},
    "at another version": {"//packaging:other_version": "3.14.0"},
    "for C alone": {"//toolchains/zig:cxx": False},
    "for a Python": {"//platforms:python_tag": "cp312"},
}

def _ways_impl(_settings, attr):
    return {
        "%s, for %s" % (way, platform): _USUAL | changed | {
            "//command_line_option:platforms": "//platforms:" + platform,
        }
        for way, changed in _WAYS.items()
        if way in attr.ways
        for platform in attr.platforms
    }

_ways = transition(
    implementation = _ways_impl,
    inputs = [],
    outputs = _USUAL.keys() + ["//command_line_option:platforms"],
)

def _asked_for_impl(ctx):
    paths = {}
    for targets in ctx.split_attr.targets.values():
        for target in targets:
            for file in target[DefaultInfo].files.to_list():
                paths.setdefault(file.short_path, {})[file.path] = None
    return [_PathsInfo(paths = {name: made.keys() for name, made in paths.items()})]

_asked_for = rule(
    implementation = _asked_for_impl,
    doc = "Targets, each asked for in every way.",
    attrs = {
        "platforms": attr.string_list(mandatory = True, doc = "Names of the platforms to build for."),
        "targets": attr.label_list(
            mandatory = True,
            allow_files = True,
            cfg = _ways,
            doc = "What to ask for.",
        ),
        "ways": attr.string_list(mandatory = True, doc = "Of _WAYS."),
        "_allowlist_function_transition": attr.label(
            default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
        ),
    },
)

def _made_once_test_impl(ctx):
    env = analysistest.begin(ctx)
    paths = analysistest.target_under_test(env)[_PathsInfo].paths
    asserts.true(env, paths, "nothing is made")
    for name, made in paths.items():
        asserts.equals(env, 1, len(made), "%s is made %d times: %s" % (name, len(made), made))
    return analysistest.end(env)

_made_once_test = analysistest.make(_made_once_test_impl)

def made_once_test(name, targets, platforms, ways = _WAYS.keys()):
    """Tests that the files of targets are the same ones whichever way leads to them.

    Catches: a C++ runtime compiled once more for each version, which takes minutes.

    Args:
      name: name of the test.
      targets: the targets.
      platforms: names of the platforms for which they are asked for.
      ways: how they are asked for; in every way, if it is not given.
    """
    _asked_for(
        name = name + "_asked_for",
        platforms = platforms,
        tags = ["manual"],
        targets = targets,
        ways = ways,
    )
    _made_once_test(
        name = name,
        target_under_test = name + "_asked_for",
    )
