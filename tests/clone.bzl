"""What a test needs that builds in a clone of the workspace.

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
    # The user's registries, and what was fetched from them.
    env_inherit = [
        "HOME",
        "IREE_RELEASE_CACHE",
        "PATH",
        "PIP_CONFIG_FILE",
        "PIP_INDEX_URL",
        "XDG_CACHE_HOME",
    ],
    # The real source tree is no input, nor is what was fetched for the outer build, which the clone
    # gets; and the build takes two cores, for long.
    tags = [
        "clone",
        "cpu:2",
        "external",
        "no-sandbox",
        "requires-network",
    ],
)
