"""Repositories with a portable copy of an interpreter, as input files of actions anywhere.

`portable_python` has the interpreter that runs the build's programs, and `python_development` one of
the version that an extension module is built for, with its headers.
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

_NOT_COPIED = """\
alias(
    name = "runtime_pair",
    actual = "{runtime_pair}",
    visibility = ["//visibility:public"],
)
"""

# Replaces a copy that is not possible.
_STARTER = """\
#!/bin/sh
exec "{python}" -S "$@"
"""

# The loader gets the library path, so it uses nothing of the machine but its shell.
_LAUNCHER = """\
#!/bin/sh
home=${0%/*}/home
exec "$home/loader" --library-path "$home/lib" "$home/bin/python" -S "$@"
"""

def _copy_interpreter(rctx, python):
    """Copies an interpreter into `home`, with `python` to start it.

    Args:
      rctx: the context of a repository rule with _COPY_ATTRS.
      python: path of the interpreter.

    Returns:
      The reason why it cannot be copied, as a clause, or None.
    """
    program = rctx.path(rctx.attr._copy)
    rctx.watch(program)
    rctx.report_progress("copying the interpreter")
    done = rctx.execute([python, "-I", "-S", program, "home"])
    if done.return_code:
        return done.stderr.strip()
    rctx.file("python", _LAUNCHER)
    return None

_COPY_ATTRS = {
    "_copy": attr.label(
        default = "//toolchains/python:copy_interpreter.py",
        doc = "The program that copies an interpreter.",
    ),
}

def _portable_python_impl(rctx):
    reason = _copy_interpreter(rctx, rctx.path(rctx.attr._python))
    if reason:
        # buildifier: disable=print
        print("actions use this machine's Python and cannot run remotely: %s." % reason)
        rctx.file("BUILD.bazel", _NOT_COPIED.format(
            runtime_pair = Label("@pythons//:runtime_pair"),
        ))
        return
    rctx.file("BUILD.bazel", _BUILD)

portable_python = repository_rule(
    implementation = _portable_python_impl,
    doc = "`:runtime_pair` is a copy of the default interpreter that runs at any path and on any " +
          "Linux of its architecture. If it cannot be copied, `:runtime_pair` is the interpreter " +
          "itself, and the reason is printed.",
    attrs = _COPY_ATTRS | {
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

# Copies the headers of the interpreter that runs it, except pyconfig.h; prints the path of Python.h,
# whether or not it exists.
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

def _copy_development_files(rctx, python):
    """Copies the headers and the interpreter; returns why the headers are missing, or None."""
    done = rctx.execute([python, "-I", "-S", "-c", _COPY_HEADERS, "include"])

    # Headers may be installed later, by another package.
    rctx.watch(done.stdout.strip())
    if not rctx.path("include").exists:
        return "%s has no headers (on Debian: apt-get install python%s-dev)" % (
            python,
            rctx.attr.version,
        )
    reason = _copy_interpreter(rctx, python)
    if reason:
        # buildifier: disable=print
        print("extension modules use this machine's Python and cannot be built remotely: %s." % reason)
        rctx.file("python", _STARTER.format(python = python))
    return None

def _python_development_impl(rctx):
    # Read from a file, so that the copy is repeated only if another Python is found.
    interpreter = json.decode(rctx.read(rctx.attr.on_host))[rctx.attr.version]
    reason = "CPython %s was not found" % rctx.attr.version
    if interpreter:
        reason = _copy_development_files(rctx, interpreter["path"])
    rctx.file("BUILD.bazel", """\
load("{defs}", "unavailable")

package(default_visibility = ["//visibility:public"])
""".format(defs = Label("//toolchains/python:unavailable.bzl")) + (
        _NO_DEVELOPMENT.format(version = rctx.attr.version, reason = reason) if reason else _DEVELOPMENT
    ))

python_development = repository_rule(
    implementation = _python_development_impl,
    doc = "Development files for extension modules of one Python version: `:headers`, the directory " +
          "of CPython's headers without pyconfig.h; `:python`, an interpreter of that version; and " +
          "`:home`, its files. If the machine lacks them, the targets fail with the reason.",
    attrs = _COPY_ATTRS | {
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
