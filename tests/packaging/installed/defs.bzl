"""The macro behind the tests that install the built wheels."""

load("//release/gate/smoke:defs.bzl", "equipment")
load("//tests:pytest.bzl", "pytest_test")
load("//toolchains/python:defs.bzl", "requires")

# The platform whose wheels are installed and used: the one the tests run on.
_PLATFORM = "linux_x86_64"

def installed_test(name, python, srcs, data = [], env = {}, deps = [], **kwargs):
    """Runs tests on an environment of one Python that the built wheels are installed in.

    Where that Python cannot be had, the test is skipped.

    Args:
      name: name of the test target.
      python: the version of Python, such as "3.11".
      srcs: the test files, and `conftest.py` with the environment.
      data: further files for the tests.
      env: further environment variables.
      deps: what the tests import, besides the library of trials.
      **kwargs: any other attribute of pytest_test.
    """
    given = equipment([_PLATFORM], [python], emulation = False, rootfs = False)
    inputs = {
        "INSTALLED_MANIFEST": "//packaging:manifest",
        "INSTALLED_PLAN": "//packaging:plan",
        "INSTALLED_WHEELHOUSE": "//packaging:all_wheels",
    }
    pytest_test(
        name = name,
        srcs = srcs,
        data = data + given.data + inputs.values(),
        env = env | given.env | {
            variable: "$(rootpaths %s)" % label
            for variable, label in inputs.items()
        } | {"INSTALLED_PLATFORM": _PLATFORM},
        target_compatible_with = requires(python),
        deps = deps + ["//release/gate/smoke"],
        **kwargs
    )
