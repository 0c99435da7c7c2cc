"""The repository with the interpreter as files, which an action takes along wherever it runs."""

load(":discovery.bzl", "SELECTING_VARIABLES")

_BUILD = """\
load("@rules_python//python:defs.bzl", "py_runtime", "py_runtime_pair")

package(default_visibility = ["//visibility:public"])

py_runtime(
    name = "runtime",
    files = glob(["home/**"]),
    interpreter = ":python",
    python_version = "PY3",
)

py_runtime_pair(
    name = "runtime_pair",
    py3_runtime = ":runtime",
)
"""

_NOT_CARRIED = """\
alias(
    name = "runtime_pair",
    actual = "{runtime_pair}",
    visibility = ["//visibility:public"],
)
"""

# The loader is told of the libraries, so nothing of the machine that runs it is used but its
# shell. CARRIED_PYTHON is for programs that have to name an interpreter.
_LAUNCHER = """\
#!/bin/sh
case "$0" in
/*) CARRIED_PYTHON=$0 ;;
*) CARRIED_PYTHON=$PWD/$0 ;;
esac
export CARRIED_PYTHON
home=${CARRIED_PYTHON%/*}/home
exec "$home/loader" --library-path "$home/lib" "$home/bin/python" -S "$@"
"""

def _carried_python_impl(rctx):
    carry = rctx.path(rctx.attr._carry)
    rctx.watch(carry)
    rctx.report_progress("copying the interpreter")
    done = rctx.execute([rctx.path(rctx.attr._python), "-I", "-S", carry, "home"])
    if done.return_code:
        # buildifier: disable=print
        print("actions run on this machine's Python, and nowhere else: %s." % done.stderr.strip())
        rctx.file("BUILD.bazel", _NOT_CARRIED.format(
            runtime_pair = Label("@pythons//:runtime_pair"),
        ))
        return
    rctx.file("python", _LAUNCHER)
    rctx.file("BUILD.bazel", _BUILD)

carried_python = repository_rule(
    implementation = _carried_python_impl,
    doc = "`:runtime_pair` is the default interpreter as files: a copy of it, which runs at any " +
          "path and on any Linux of its processor. Where it cannot be copied, it is the " +
          "interpreter itself, and that is said.",
    attrs = {
        "_carry": attr.label(default = "//toolchains/python:carry.py", doc = "What copies it."),
        "_python": attr.label(default = "@pythons//:python", doc = "The interpreter."),
    },
    configure = True,
    environ = SELECTING_VARIABLES,
    local = True,
)
