"""The macro behind the tests that install the built wheels."""

load("//products/iree/dependencies:dependencies.bzl", "REQUIREMENTS")
load("//release/gate/smoke:defs.bzl", "equipment")
load("//tests:pytest.bzl", "pytest_test")
load("//toolchains/python:defs.bzl", "requires")

# The platform of the machine that runs the tests.
_PLATFORM = "linux_x86_64"

def installed_test(name, python, srcs, data = [], env = {}, deps = [], **kwargs):
    """Runs tests with the built wheels installed for one Python.

    The test is skipped where that Python is unavailable.

    Args:
      name: name of the test target.
      python: the version of Python, such as "3.11".
      srcs: the test files, and `conftest.py` with the fixtures.
      data: additional files.
      env: additional environment variables.
      deps: what the tests import, besides `//release/gate/smoke`.
      **kwargs: any other attribute of pytest_test.
    """
    provided = equipment(
        REQUIREMENTS,
        emulation = False,
        platforms = [_PLATFORM],
        pythons = [python],
        rootfs = False,
    )
    inputs = {
        "INSTALLED_MANIFEST": "//packaging:manifest",
        "INSTALLED_PLAN": "//packaging:plan",
        # With the smoke program.
        "PRODUCTS": "//products/iree:product",
        "INSTALLED_WHEELHOUSE": "//packaging:all_wheels",
    }
    pytest_test(
        name = name,
        srcs = srcs,
        data = data + provided.data + inputs.values(),
        env = env | provided.env | {
            variable: "$(rootpaths %s)" % label
            for variable, label in inputs.items()
        } | {"INSTALLED_PLATFORM": _PLATFORM},
        target_compatible_with = requires(python),
        deps = deps + ["//release/gate/smoke"],
        **kwargs
    )
