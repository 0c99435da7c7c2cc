"""The macro for Python tests."""

load("@rules_python//python:defs.bzl", "py_test")

_MAIN = "//tests:pytest_main.py"

def pytest_test(name, srcs, deps = [], data = [], args = [], **kwargs):
    """Runs the pytest tests in `srcs` as one Bazel test.

    Bazel's summary lists test cases, `--test_filter=EXPRESSION` is pytest's `-k`, and
    `--test_arg=ARGUMENT` is passed to pytest. A target without test cases fails. Tests run in the
    root of the repository in the runfiles tree.

    Args:
      name: name of the test target.
      srcs: test files (`test_*.py`), and modules that only these tests import. The `__init__.py` of
        the package is added automatically.
      deps: libraries that the tests import; pytest is added automatically, hypothesis is not.
      data: files that the tests read at run time.
      args: arguments for pytest; `$(rootpath ...)` is expanded.
      **kwargs: other attributes of py_test, such as `size`, `tags` or `env`.
    """
    tests = [src for src in srcs if src.rpartition("/")[2].rpartition(":")[2].startswith("test_")]
    if not tests:
        fail("pytest_test %s: srcs has no file named test_*.py." % name)
    py_test(
        name = name,
        srcs = srcs + native.glob(
            ["__init__.py"],
            allow_empty = True,
            exclude = srcs,
        ) + [_MAIN],
        main = _MAIN,
        args = ["$(rootpath %s)" % test for test in tests] + args,
        data = data + ["//:pyproject.toml"],
        deps = deps + ["//tests:runner"],
        **kwargs
    )
