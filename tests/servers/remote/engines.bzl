"""Data and environment of tests that start remote caches and workers with engines.py.

    load("//tests/servers/remote:engines.bzl", "ENGINES")

    pytest_test(
        name = "test_again",
        data = ENGINES.data,
        env = ENGINES.env,
        deps = ["//tests:clone"],
        ...
    )
"""

load("//toolchains/engines:extension.bzl", "ENGINE_PYTHON")
load("//toolchains/python:defs.bzl", "interpreter")

ENGINES = struct(
    data = [
        "@buildgrid//:wheels",
        "@engines//:engines.json",
        interpreter(ENGINE_PYTHON),
    ],
    env = {
        "BUILDGRID": "$(rootpaths @buildgrid//:wheels)",
        "ENGINES": "$(rootpath @engines//:engines.json)",
        "INTERPRETER": "$(rootpath %s)" % interpreter(ENGINE_PYTHON),
    },
)
