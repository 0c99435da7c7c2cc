"""The repositories of the host's interpreters."""

load(":discovery.bzl", "PROBE", "SELECTING_VARIABLES", "find", "find_default", "probe")

_PYTHONS_BUILD = """\
load("@rules_python//python:defs.bzl", "py_runtime", "py_runtime_pair")
load("@rules_python//python:py_exec_tools_toolchain.bzl", "py_exec_tools_toolchain")

package(default_visibility = ["//visibility:public"])

exports_files([
    "isolated",
    "on_host.json",
    "python",
    "python_with_pip",
])

py_runtime(
    name = "runtime",
    interpreter = ":isolated",
    python_version = "PY3",
    # A host's /usr/bin/env python3 may be too old, or absent.
    stub_shebang = "#!{path} -S",
)

py_runtime_pair(
    name = "runtime_pair",
    py3_runtime = ":runtime",
)

toolchain(
    name = "toolchain",
    toolchain = ":runtime_pair",
    toolchain_type = "@rules_python//python:toolchain_type",
)

# Libraries require a toolchain to compile them ahead of time. The one that rules_python registers
# would make every build download a CPython; with this one, nothing is compiled.
py_exec_tools_toolchain(
    name = "exec_tools",
    exec_interpreter = "@rules_python//python:none",
)

toolchain(
    name = "exec_tools_toolchain",
    toolchain = ":exec_tools",
    toolchain_type = "@rules_python//python:exec_tools_toolchain_type",
)
"""

# Without -S a program would import packages that are installed on the host, and start slower.
_ISOLATED = """\
#!/bin/sh
exec "{path}" -S "$@"
"""

_VERSION_BUILD = """
alias(
    name = "{version}",
    actual = "@python_{identifier}//:interpreter.json",
)

alias(
    name = "has_{version}",
    actual = "@python_{identifier}//:found",
)

[
    alias(
        name = "{version}." + part,
        actual = "@python_development_{identifier}//:" + part,
    )
    for part in ["headers", "home", "python"]
]
"""

_PYTHON_BUILD = """\
package(default_visibility = ["//visibility:public"])

exports_files(["interpreter.json"])

alias(
    name = "found",
    actual = "{found}",
)
"""

_PYTHON_WITH_PIP = """\
#!/bin/sh
PYTHONPATH="{path}${{PYTHONPATH:+:$PYTHONPATH}}" exec "{python}" "$@"
"""

_PYTHON_WITHOUT_PIP = """\
#!/bin/sh
echo "{python} has no pip, which downloads this build's dependencies: install pip for it (on" \\
    "Debian: apt-get install python3-pip), or set IREE_RELEASE_PYTHON to another Python." >&2
exit 2
"""

# Prints the directory of pip, or Python's bundled wheel of pip.
_FIND_PIP = """\
import importlib.util, pathlib
found = importlib.util.find_spec("pip")
if found:
    print(pathlib.Path(found.origin).parent)
else:
    import ensurepip
    print(*(pathlib.Path(ensurepip.__file__).parent / "_bundled").glob("pip-*.whl"))
"""

def _host(rctx):
    """The host as a struct for discovery.bzl."""

    def list_directory(directory):
        path = rctx.path(directory)
        return [entry.basename for entry in path.readdir()] if path.exists else []

    def run(program):
        # In the workspace, because version managers select a version by directory.
        done = rctx.execute(
            [program, "-I", "-S", "-c", PROBE],
            working_directory = str(rctx.workspace_root),
        )
        return done.stdout if done.return_code == 0 else None

    # The same programs are candidates for several versions.
    printed = {}

    def run_once(program):
        if str(program) not in printed:
            printed[str(program)] = run(program)
        return printed[str(program)]

    return struct(
        getenv = lambda name: rctx.os.environ.get(name),
        which = lambda program: rctx.which(program),
        list = list_directory,
        run = run_once,
    )

def _pythons_impl(rctx):
    host = _host(rctx)
    interpreter, reason = find_default(host, rctx.attr.default_versions)
    if not interpreter:
        fail(reason + ".")
    rctx.symlink(interpreter.path, "python")
    rctx.file("isolated", _ISOLATED.format(path = interpreter.path))
    rctx.file("python_with_pip", _python_with_pip(rctx, interpreter.path))
    rctx.file("on_host.json", json.encode_indent({
        version: find(host, version)
        for version in rctx.attr.versions
    }) + "\n")
    rctx.file("BUILD.bazel", _PYTHONS_BUILD.format(path = interpreter.path) + "".join([
        _VERSION_BUILD.format(version = version, identifier = identifier(version))
        for version in rctx.attr.versions
    ]))

def _python_with_pip(rctx, python):
    """A script that runs the interpreter with an importable pip."""
    done = rctx.execute([python, "-I", "-c", _FIND_PIP])
    pip = done.stdout.strip()
    if done.return_code != 0 or not pip:
        return _PYTHON_WITHOUT_PIP.format(python = python)
    if not pip.endswith(".whl"):
        # Only this directory, so that other packages in site-packages are not importable.
        rctx.symlink(pip, "pip/pip")

        # Relative to the script: fetched repositories then stay valid in other output bases.
        pip = "${0%/*}/pip"
    return _PYTHON_WITH_PIP.format(path = pip, python = python)

pythons = repository_rule(
    implementation = _pythons_impl,
    doc = """The repository through which all interpreters are used.

`:toolchain` and the file `:python` are the default interpreter, which runs the build's programs.
The file `:python_with_pip` is the same interpreter with pip, for repository rules that download
wheels: `python_with_pip -m pip ...`, without `-I`. For each version, `:3.14` is a JSON file that
describes an interpreter, and `:has_3.14` a constraint value that no platform has if it is missing.
`:3.14.headers`, `:3.14.python` and `:3.14.home` are for building extension modules for that version
(`python_development`).

The file `:on_host.json` has the `path` and `release` of the host's interpreter for each version, or
null. Unlike `:3.14`, it does not install interpreters.""",
    attrs = {
        "default_versions": attr.string_list(
            doc = "The minor versions that can run the build's programs, oldest first.",
            mandatory = True,
        ),
        "versions": attr.string_list(
            doc = "All minor versions.",
            mandatory = True,
        ),
    },
    configure = True,
    environ = SELECTING_VARIABLES,
    local = True,
)

def _python_impl(rctx):
    version = rctx.attr.version
    host = _host(rctx)
    interpreter, reason = find(host, version), None
    if not interpreter:
        interpreter, reason = _bootstrap(rctx, host, version)
    if reason:
        # buildifier: disable=print
        print("not run: Python %s: %s." % (version, reason))
    rctx.file("interpreter.json", json.encode_indent({
        "executable": interpreter.path if interpreter else None,
        "reason": reason,
        "release": interpreter.release if interpreter else None,
        "version": version,
    }) + "\n")
    found = Label("//toolchains/python:" + ("found" if interpreter else "not_found"))
    rctx.file("BUILD.bazel", _PYTHON_BUILD.format(found = found))

def _bootstrap(rctx, host, version):
    """An interpreter from Debian packages and None, or None and the reason."""
    program = rctx.path(rctx.attr.bootstrap)
    for directory in [program.dirname, program.dirname.dirname.get_child("debian")]:
        rctx.watch_tree(directory)
    done = rctx.execute([rctx.path(rctx.attr.python), "-IBS", program, version])
    if done.return_code != 0:
        return None, "not installed, and cannot be installed from Debian packages: " + (
            done.stderr.strip() or "%s failed" % rctx.attr.bootstrap
        )
    interpreter = probe(host, done.stdout.strip())
    if not interpreter:
        return None, "%s does not run on this machine" % done.stdout.strip()
    return interpreter, None

python = repository_rule(
    implementation = _python_impl,
    doc = """A Python to test with: the host's, or else one from Debian packages.

It is installed when a target needs it. If that fails, `:found` is a constraint value that no
platform has, and the reason is printed.""",
    attrs = {
        "bootstrap": attr.label(
            default = "//toolchains/python:bootstrap.py",
            doc = "The program that installs an interpreter.",
        ),
        "python": attr.label(
            default = "@pythons//:python",
            doc = "The interpreter that runs the program.",
        ),
        "version": attr.string(
            doc = "The minor version.",
            mandatory = True,
        ),
    },
    configure = True,
    environ = SELECTING_VARIABLES + ["IREE_RELEASE_CACHE", "XDG_CACHE_HOME"],
    local = True,
)

def identifier(version):
    """Returns a minor version as part of a repository name: "3_14"."""
    return version.replace(".", "_")
