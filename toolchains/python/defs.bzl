"""Python programs for build actions, and interpreters for tests of specific Python versions.

    load("//toolchains/python:defs.bzl", "PYTHONS_UNDER_TEST", "interpreter", "requires")

    [
        pytest_test(
            name = "test_installed_" + version,
            srcs = ["test_installed.py"],
            data = [interpreter(version)],
            env = {"INTERPRETER": "$(rootpath %s)" % interpreter(version)},
            target_compatible_with = requires(version),
        )
        for version in PYTHONS_UNDER_TEST
    ]

`./bazelw run //toolchains/python:list` prints the interpreters, and why others are missing.
"""

load("//platforms:matrix.bzl", "MATRIX")
load("//toolchains/python/private:tool.bzl", _py_tool = "py_tool")

py_tool = _py_tool

# The tested Pythons, whether or not this machine has them.
PYTHONS_UNDER_TEST = MATRIX["linux_x86_64"]

# A JSON file with the `path` and `release` of the host's interpreter for each version, or null. It
# does not install interpreters, unlike `interpreter`.
INTERPRETERS_ON_HOST = "@pythons//:on_host.json"

def interpreter(version):
    """Returns the label of a JSON file that describes an interpreter.

    Its keys are `version` ("3.14"), `release` ("3.14.8") and `executable`, an absolute path. If the
    interpreter is missing, the last two are null and `reason` says why.

    Args:
      version: a minor version, such as "3.14".

    Returns:
      A label, as a string.
    """
    return "@pythons//:" + version

def requires(version):
    """Returns a value for `target_compatible_with` that skips the target if a Python is missing.

    Args:
      version: a minor version, such as "3.14".

    Returns:
      A list of labels.
    """
    return ["@pythons//:has_" + version]
