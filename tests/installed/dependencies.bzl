"""What the built wheels require, as test data: a repository of locked wheels for each Python."""

# buildifier: disable=bzl-visibility
load("//packaging/private:locked_wheels.bzl", "locked_wheels")
load("//platforms:defs.bzl", "platform_named")
load("//platforms:pythons.bzl", "python_tag")
load("//toolchains/python:defs.bzl", "PYTHONS_UNDER_TEST")

# The platform whose wheels are installed and used: the one the tests run on.
INSTALLED_PLATFORM = "linux_x86_64"

def dependencies_label(python):
    """Returns the label of the wheels that our wheels require on a Python.

    Args:
      python: "3.11" and so on.

    Returns:
      A string.
    """
    return "@installed_dependencies//:" + python_tag(python)

def _hub_impl(rctx):
    aliases = ['package(default_visibility = ["//visibility:public"])\n']
    for tag in rctx.attr.python_tags:
        aliases.append(
            'alias(name = "%s", actual = "@%s_%s//:wheels")\n' % (tag, rctx.attr.prefix, tag),
        )
    rctx.file("BUILD.bazel", "\n".join(aliases))

_hub = repository_rule(
    implementation = _hub_impl,
    doc = "One repository through which the others are named in MODULE.bazel.",
    attrs = {
        "prefix": attr.string(mandatory = True, doc = "What the repositories' names begin with."),
        "python_tags": attr.string_list(mandatory = True, doc = "What they end with."),
    },
)

def _dependencies_impl(module_ctx):
    tags = []
    for python in PYTHONS_UNDER_TEST:
        tag = python_tag(python)
        tags.append(tag)
        locked_wheels(
            name = "installed_dependencies_" + tag,
            lock = "//tests/installed:locks/%s.txt" % tag,
            label = "%s, %s" % (INSTALLED_PLATFORM, tag),
            python_version = python,
            abis = [tag, "abi3"],
            platform_tags = platform_named(INSTALLED_PLATFORM).wheel_tags,
        )
    _hub(
        name = "installed_dependencies",
        prefix = "installed_dependencies",
        python_tags = tags,
    )
    return module_ctx.extension_metadata(
        root_module_direct_deps = [],
        root_module_direct_dev_deps = ["installed_dependencies"],
    )

dependencies = module_extension(
    implementation = _dependencies_impl,
    doc = "The wheels that numpy and the others come in, fetched when a test needs them.",
)
