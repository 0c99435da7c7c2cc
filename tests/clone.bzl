"""Attributes of tests that build in a clone of the workspace.

    load("//tests:clone.bzl", "CLONE")

    pytest_test(
        name = "test_again",
        env_inherit = CLONE.env_inherit,
        tags = CLONE.tags,
        deps = ["//tests:workspace"],
        ...
    )
"""

CLONE = struct(
    # The user's registries, and the cache of downloads.
    env_inherit = [
        "HOME",
        "IREE_RELEASE_CACHE",
        "PATH",
        "PIP_CONFIG_FILE",
        "PIP_INDEX_URL",
        "XDG_CACHE_HOME",
    ],
    # The source tree and the fetched repositories of the outer build, which the clone shares, are not
    # declared inputs. The build uses two cores for a long time.
    tags = [
        "clone",
        "cpu:2",
        "external",
        "no-sandbox",
        "requires-network",
    ],
)
