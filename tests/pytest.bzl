"""The macro behind every Python test of the repository."""

load("@rules_python//python:defs.bzl", "py_test")

_MAIN = "//tests:pytest_main.py"

def pytest_test(name, srcs, deps = [], data = [], args = [], **kwargs):
    """Runs the pytest tests in `srcs` as one Bazel test.

    Single cases reach Bazel's summary, `--test_filter=EXPRESSION` is pytest's `-k`, and
    `--test_arg=ARGUMENT` is handed to pytest. A target in which no test is found fails. Tests run
    in the runfiles tree, at the repository's root.

    Args:
      name: name of the test target.
      srcs: test files (`test_*.py`), and modules that only these tests import. An `__init__.py` of
        the package is added by itself.
      deps: what the tests import; pytest is added by itself, hypothesis is not.
      data: files that the tests read at run time.
      args: further arguments for pytest; `$(rootpath ...)` is expanded.
      **kwargs: any other attribute of py_test, such as `size`, `tags` or `env`.
    """
    tests = [src for src in srcs if src.rpartition("/")[2].rpartition(":")[2].startswith("test_")]
    if not tests:
        fail("pytest_test %s: no file in srcs is named test_*.py." % name)
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
