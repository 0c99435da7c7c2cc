"""Definitions for the targets of this package."""

load("@buildifier//:defs.bzl", "NOT_RUN")
load("//tests:pytest.bzl", "pytest_test")

# The paths of the programs, or why one is missing, for programs.py.
PROGRAMS_ENV = {"RUFF": "$(rootpath @pypi//ruff:bin/ruff)"} | (
    {"NO_BUILDIFIER": NOT_RUN} if NOT_RUN else {"BUILDIFIER": "$(rootpath @buildifier)"}
)

def lint_test(name, deps = [], **kwargs):
    """Declares the test in NAME.py, which checks all files of the source tree.

    Args:
      name: name of the test.
      deps: its imports besides tests/lint/tree.py.
      **kwargs: other attributes of pytest_test.
    """
    pytest_test(
        name = name,
        srcs = [name + ".py"],
        # The source tree is not a declared input, so results must not be cached or sandboxed.
        tags = [
            "external",
            "local",
        ],
        deps = deps + [":tree"],
        **kwargs
    )

def where_buildifier_runs():
    """Returns the constraints of a test that needs buildifier; prints why it is missing.

    Returns:
      A list of labels for target_compatible_with.
    """
    if not NOT_RUN:
        return []

    # buildifier: disable=print
    print("//tests/lint:test_buildifier is not run: %s." % NOT_RUN)
    return ["@platforms//:incompatible"]
