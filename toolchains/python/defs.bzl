"""Python programs for build actions, and interpreters for tests that name the Python they run.

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

`bazel run //toolchains/python:list` prints the interpreters, and why one is missing.
"""

load("//platforms:matrix.bzl", "MATRIX")
load("//toolchains/python/private:tool.bzl", _py_tool = "py_tool")

py_tool = _py_tool

# The Pythons of the matrix that can be run here, whether or not this machine has them.
PYTHONS_UNDER_TEST = MATRIX["linux_x86_64"]

# A JSON file that has, for each version, the `path` and `release` of the host's own interpreter, or
# null; other than `interpreter`, it makes none from packages.
INTERPRETERS_ON_HOST = "@pythons//:on_host.json"

def interpreter(version):
    """Returns the label of a JSON file that says where an interpreter is.

    Its keys: `version` ("3.14"), `release` ("3.14.8") and `executable`, an absolute path; when
    there is no such interpreter, the last two are null and `reason` says why.

    Args:
      version: a minor version, such as "3.14".

    Returns:
      A label, as a string.
    """
    return "@pythons//:" + version

def requires(version):
    """Returns a value of `target_compatible_with`: the target is skipped without that Python.

    Args:
      version: a minor version, such as "3.14".

    Returns:
      A list of labels.
    """
    return ["@pythons//:has_" + version]
