"""What the targets of this package share."""

load("@buildifier//:defs.bzl", "NOT_RUN")
load("//tests:pytest.bzl", "pytest_test")

# Tells programs.py where the programs are, or why there is none.
PROGRAMS_ENV = {"RUFF": "$(rootpath @pypi//ruff:bin/ruff)"} | (
    {"NO_BUILDIFIER": NOT_RUN} if NOT_RUN else {"BUILDIFIER": "$(rootpath @buildifier)"}
)

def lint_test(name, deps = [], **kwargs):
    """Declares a test, in NAME.py, of every file of the source tree.

    Args:
      name: name of the test.
      deps: what it imports beside tests/lint/tree.py.
      **kwargs: any other attribute of pytest_test.
    """
    pytest_test(
        name = name,
        srcs = [name + ".py"],
        # The tree is no declared input: no verdict may come from a cache, no sandbox may hide it.
        tags = [
            "external",
            "local",
        ],
        deps = deps + [":tree"],
        **kwargs
    )

def where_buildifier_runs():
    """Returns the constraints of a test that needs buildifier; says why it cannot be met.

    Returns:
      A list of labels for target_compatible_with.
    """
    if not NOT_RUN:
        return []

    # buildifier: disable=print
    print("//tests/lint:test_buildifier is not run: %s." % NOT_RUN)
    return ["@platforms//:incompatible"]
