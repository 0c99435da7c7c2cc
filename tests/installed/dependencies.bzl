"""What the built wheels require, as test data: a repository of locked wheels for each Python."""

load("//packaging:locked_wheels.bzl", "locked_wheels", "wheels_hub")
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

def _dependencies_impl(module_ctx):
    wheels = {}
    for python in PYTHONS_UNDER_TEST:
        tag = python_tag(python)
        wheels[tag] = "installed_dependencies_" + tag
        locked_wheels(
            name = wheels[tag],
            lock = "//tests/installed:locks/%s.txt" % tag,
            mend = "./bazelw run //tests/installed:lock",
            label = "%s, %s" % (INSTALLED_PLATFORM, tag),
            python_version = python,
            abis = [tag, "abi3"],
            platform_tags = platform_named(INSTALLED_PLATFORM).wheel_tags,
        )
    wheels_hub(
        name = "installed_dependencies",
        wheels = wheels,
    )
    return module_ctx.extension_metadata(
        root_module_direct_deps = [],
        root_module_direct_dev_deps = ["installed_dependencies"],
    )

dependencies = module_extension(
    implementation = _dependencies_impl,
    doc = "The wheels that numpy and the others come in, fetched when a test needs them.",
)
