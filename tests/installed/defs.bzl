"""The macro behind the tests that install the built wheels."""

load("//platforms:pythons.bzl", "python_tag")
load("//tests:pytest.bzl", "pytest_test")
load("//tests/installed:dependencies.bzl", "dependencies_label")
load("//toolchains/python:defs.bzl", "interpreter", "requires")

def installed_test(name, python, srcs, data = [], env = {}, **kwargs):
    """Runs tests on an environment of one Python that the built wheels are installed in.

    Where that Python cannot be had, the test is skipped.

    Args:
      name: name of the test target.
      python: the version of Python, such as "3.11".
      srcs: the test files, and `conftest.py` with the environment.
      data: further files for the tests.
      env: further environment variables.
      **kwargs: any other attribute of pytest_test.
    """
    lock = "//tests/installed:locks/%s.txt" % python_tag(python)
    inputs = {
        "INSTALLED_DEPENDENCIES": dependencies_label(python),
        "INSTALLED_INTERPRETER": interpreter(python),
        "INSTALLED_LOCK": lock,
        "INSTALLED_MANIFEST": "//packaging:manifest",
        "INSTALLED_PLAN": "//packaging:plan",
        "INSTALLED_UV": "@pypi_uv//:bin/uv",
        "INSTALLED_WHEELHOUSE": "//packaging:all_wheels",
    }
    pytest_test(
        name = name,
        srcs = srcs,
        data = data + inputs.values(),
        env = env | {
            variable: "$(rootpaths %s)" % label
            for variable, label in inputs.items()
        },
        target_compatible_with = requires(python),
        **kwargs
    )
