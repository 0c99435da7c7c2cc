"""Data and environment of tests that start the GitHub for tests.

    load("//tests/servers/github:defs.bzl", "GITHUB")

    pytest_test(
        name = "test_store",
        data = GITHUB.data,
        env = GITHUB.env,
        deps = GITHUB.deps,
        ...
    )
"""

GITHUB = struct(
    data = ["@github_for_tests//:github"],
    deps = ["//tests/servers/github:server"],
    env = {"GITHUB_FOR_TESTS": "$(rootpath @github_for_tests//:github)"},
)
