"""Analysis tests: the targets of //platforms match its data."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts", "unittest")
load("//platforms:defs.bzl", "PLATFORMS", "constraints_of", "platform_named")
load("//platforms:matrix.bzl", "pythons_of")
load("//platforms:pythons.bzl", "PYTHONS", "python_tag")
load(":observe.bzl", "ObservedInfo", "lookup", "observed")

_HOST = "@platforms//host"

_TAGS = ["py3"] + [python_tag(python.version) for python in PYTHONS]

# Every constraint value that distinguishes platforms, by label, with its name.
_CONSTRAINTS = {
    label: label.rpartition(":")[2]
    for label in [
        "//platforms:libc_unconstrained",
        "//platforms:minimum_os_unconstrained",
    ] + [label for platform in PLATFORMS for label in constraints_of(platform)]
}

def _platform_test_impl(ctx):
    env = analysistest.begin(ctx)
    found = analysistest.target_under_test(env)[ObservedInfo]
    asserts.equals(env, ctx.attr.platform, found.platform)
    asserts.equals(env, sorted(ctx.attr.constraints), sorted(found.constraints))
    return analysistest.end(env)

_platform_test = analysistest.make(
    _platform_test_impl,
    attrs = {
        "constraints": attr.string_list(doc = "All constraint values that match."),
        "platform": attr.string(doc = "The only platform whose config_setting matches."),
    },
)

def _host_test_impl(ctx):
    env = analysistest.begin(ctx)
    found = analysistest.target_under_test(env)[ObservedInfo]
    asserts.equals(env, "", found.platform)
    asserts.true(env, "libc_unconstrained" in found.constraints)
    asserts.true(env, "minimum_os_unconstrained" in found.constraints)
    return analysistest.end(env)

_host_test = analysistest.make(
    _host_test_impl,
    doc = "The host has no libc constraint: what is meant for glibc_2.28 must not match it.",
)

def _python_tag_test_impl(ctx):
    env = analysistest.begin(ctx)
    asserts.equals(
        env,
        ctx.attr.python_tag,
        analysistest.target_under_test(env)[ObservedInfo].python_tag,
    )
    return analysistest.end(env)

_python_tag_test = analysistest.make(
    _python_tag_test_impl,
    attrs = {"python_tag": attr.string(doc = "The only tag whose config_setting matches.")},
)

def _unknown_platform_test_impl(ctx):
    env = analysistest.begin(ctx)
    asserts.expect_failure(
        env,
        "No platform is named \"linux_mips\"; platforms/defs.bzl has linux_x86_64, ",
    )
    return analysistest.end(env)

_unknown_platform_test = analysistest.make(_unknown_platform_test_impl, expect_failure = True)

def _lookup_test_impl(ctx):
    env = unittest.begin(ctx)
    for platform in PLATFORMS:
        asserts.equals(env, platform, platform_named(platform.name))
    return unittest.end(env)

_lookup_test = unittest.make(_lookup_test_impl)

def _pythons_test_impl(ctx):
    env = unittest.begin(ctx)
    matrix = {
        "linux_x86_64": ["3.9", "3.11"],
        "macos_arm64": ["3.10", "3.11"],
    }
    asserts.equals(env, ["3.9", "3.10", "3.11"], pythons_of(matrix), "versions are numbers")
    return unittest.end(env)

_pythons_test = unittest.make(_pythons_test_impl)

def _observe(name, platform, tag = "py3"):
    observed(
        name = name,
        constraints = _CONSTRAINTS,
        platform = select({"//conditions:default": ""} | {
            "//platforms:is_" + known.name: known.name
            for known in PLATFORMS
        }),
        python_tag = select({"//platforms:is_" + known: known for known in _TAGS}),
        tags = ["manual"],
        under = platform,
        under_python_tag = tag,
    )
    return ":" + name

def analysis_tests(name):
    """Declares the tests of this file.

    Args:
      name: first part of the names of the tests.
    """
    for platform in PLATFORMS:
        _platform_test(
            name = "%s_%s" % (name, platform.name),
            size = "small",
            constraints = [
                platform.os,
                platform.cpu,
                platform.libc or "libc_unconstrained",
                platform.minimum_os or "minimum_os_unconstrained",
            ],
            platform = platform.name,
            target_under_test = _observe(
                "observed_" + platform.name,
                "//platforms:" + platform.name,
            ),
        )
    _host_test(
        name = name + "_host",
        size = "small",
        target_under_test = _observe("observed_host", _HOST),
    )
    for tag in _TAGS:
        _python_tag_test(
            name = "%s_%s" % (name, tag),
            size = "small",
            python_tag = tag,
            target_under_test = _observe("observed_" + tag, _HOST, tag),
        )
    lookup(
        name = "lookup_of_an_unknown_platform",
        platform = "linux_mips",
        tags = ["manual"],
    )
    _unknown_platform_test(
        name = name + "_unknown_platform",
        size = "small",
        target_under_test = ":lookup_of_an_unknown_platform",
    )
    _lookup_test(
        name = name + "_lookup",
        size = "small",
    )
    _pythons_test(
        name = name + "_cells",
        size = "small",
    )
