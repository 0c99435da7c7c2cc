"""The repositories with an interpreter as files, which an action takes along wherever it runs.

`carry` makes one of any interpreter. `carried_python` has the one that runs the build's programs,
and `python_development` one of the version that an extension module is built for, with its headers.
"""

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

# What stands in the place of a copy.
_STARTER = """\
#!/bin/sh
exec "{python}" -S "$@"
"""

# The loader is told of the libraries, so nothing of the machine that runs it is used but its shell.
_LAUNCHER = """\
#!/bin/sh
home=${0%/*}/home
exec "$home/loader" --library-path "$home/lib" "$home/bin/python" -S "$@"
"""

def _carry(rctx, python):
    """Copies an interpreter: `python` starts it, `home` is what it consists of.

    Args:
      rctx: the context of a repository rule with CARRY among its attributes.
      python: path of the interpreter.

    Returns:
      Why it cannot be copied, as a clause; None when it is.
    """
    program = rctx.path(rctx.attr._carry)
    rctx.watch(program)
    rctx.report_progress("copying the interpreter")
    done = rctx.execute([python, "-I", "-S", program, "home"])
    if done.return_code:
        return done.stderr.strip()
    rctx.file("python", _LAUNCHER)
    return None

_CARRY = {"_carry": attr.label(default = "//toolchains/python:carry.py", doc = "What copies it.")}

def _carried_python_impl(rctx):
    reason = _carry(rctx, rctx.path(rctx.attr._python))
    if reason:
        # buildifier: disable=print
        print("actions run on this machine's Python, and nowhere else: %s." % reason)
        rctx.file("BUILD.bazel", _NOT_CARRIED.format(
            runtime_pair = Label("@pythons//:runtime_pair"),
        ))
        return
    rctx.file("BUILD.bazel", _BUILD)

carried_python = repository_rule(
    implementation = _carried_python_impl,
    doc = "`:runtime_pair` is the default interpreter as files: a copy of it, which runs at any " +
          "path and on any Linux of its processor. Where it cannot be copied, it is the " +
          "interpreter itself, and that is said.",
    attrs = _CARRY | {
        "_python": attr.label(default = "@pythons//:python", doc = "The interpreter."),
    },
    configure = True,
    environ = SELECTING_VARIABLES,
    local = True,
)

_DEVELOPMENT = """
exports_files(["python"])

filegroup(
    name = "home",
    srcs = glob(
        ["home/**"],
        allow_empty = True,
    ),
)

filegroup(
    name = "headers",
    srcs = ["include"],
)
"""

_NO_DEVELOPMENT = """
[
    unavailable(
        name = name,
        reason = "Extension modules for Python {version} cannot be built on this machine: {reason}.",
    )
    for name in ["headers", "home", "python"]
]
"""

# Copies the headers of the interpreter that runs it, but for what it was configured with; prints
# where the first of them is, or would be.
_COPY_HEADERS = """\
import pathlib, shutil, sys, sysconfig
source, target = pathlib.Path(sysconfig.get_path("include")), pathlib.Path(sys.argv[1])
print(source / "Python.h")
if (source / "Python.h").is_file():
    shutil.copytree(
        source, target, ignore=lambda directory, names: [
            name for name in names
            if name == "pyconfig.h" or not (name.endswith(".h") or pathlib.Path(directory, name).is_dir())
        ]
    )
"""

def _develop(rctx, python):
    """Copies the headers and the interpreter; returns why there are no headers, or None."""
    done = rctx.execute([python, "-I", "-S", "-c", _COPY_HEADERS, "include"])

    # Headers may be installed later, as a package of their own.
    rctx.watch(done.stdout.strip())
    if not rctx.path("include").exists:
        return "%s has no headers (on Debian they are in the package python%s-dev)" % (
            python,
            rctx.attr.version,
        )
    reason = _carry(rctx, python)
    if reason:
        # buildifier: disable=print
        print("extension modules are built with this machine's Python, and nowhere else: %s." % reason)
        rctx.file("python", _STARTER.format(python = python))
    return None

def _python_development_impl(rctx):
    # Read from a file, so that all is copied again when another Python is found, and not at every
    # start of Bazel.
    interpreter = json.decode(rctx.read(rctx.attr.on_host))[rctx.attr.version]
    reason = "no CPython %s was found" % rctx.attr.version
    if interpreter:
        reason = _develop(rctx, interpreter["path"])
    rctx.file("BUILD.bazel", """\
load("{defs}", "unavailable")

package(default_visibility = ["//visibility:public"])
""".format(defs = Label("//toolchains/python:unavailable.bzl")) + (
        _NO_DEVELOPMENT.format(version = rctx.attr.version, reason = reason) if reason else _DEVELOPMENT
    ))

python_development = repository_rule(
    implementation = _python_development_impl,
    doc = "What extension modules for one version of Python are built with: `:headers`, a directory " +
          "with those of CPython without pyconfig.h; `:python`, an interpreter of that version, " +
          "and `:home`, what it consists of. Targets that fail with the reason where the machine " +
          "does not have them.",
    attrs = _CARRY | {
        "on_host": attr.label(
            default = "@pythons//:on_host.json",
            doc = "The interpreters of this machine.",
        ),
        "version": attr.string(
            doc = "The minor version.",
            mandatory = True,
        ),
    },
    configure = True,
)
