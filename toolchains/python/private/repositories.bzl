"""The repositories with the interpreters, evaluated on the host."""

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

# Libraries ask for what would compile them ahead of time. rules_python registers one that brings a
# CPython of its own, which every build would download; this one has none, and nothing is compiled.
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

# Without -S a program would find what happens to be installed on the host, and start slower.
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
echo "{python} has no pip, which fetches what this build needs: install pip for it (on Debian," \\
    "the package python3-pip), or name another Python with IREE_RELEASE_PYTHON." >&2
exit 2
"""

# Prints the directory that holds pip, or the wheel that Python brings to install pip from.
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
    """What discovery.bzl sees of the host."""

    def list_directory(directory):
        path = rctx.path(directory)
        return [entry.basename for entry in path.readdir()] if path.exists else []

    def run(program):
        # The workspace, because a version manager chooses by directory.
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
    """A script that is the interpreter, pip importable."""
    done = rctx.execute([python, "-I", "-c", _FIND_PIP])
    pip = done.stdout.strip()
    if done.return_code != 0 or not pip:
        return _PYTHON_WITHOUT_PIP.format(python = python)
    if not pip.endswith(".whl"):
        # The directory alone: what lies beside it in site-packages must not be found.
        rctx.symlink(pip, "pip/pip")

        # Found beside the script: what was fetched with it is good in other output bases too.
        pip = "${0%/*}/pip"
    return _PYTHON_WITH_PIP.format(path = pip, python = python)

pythons = repository_rule(
    implementation = _pythons_impl,
    doc = """The face of all interpreters.

`:toolchain` and the file `:python` are the default interpreter, which runs the build's own
programs. The file `:python_with_pip` is the same with a pip, for repository rules that download
wheels: `python_with_pip -m pip ...`, without `-I`. For each version, `:3.14` is a JSON file that says where an interpreter is, and
`:has_3.14` a constraint value that no platform satisfies when there is none. `:3.14.headers`,
`:3.14.python` and `:3.14.home` are what extension modules for that version are built with
(`python_development`).

The file `:on_host.json` has, for each version, the `path` and `release` of the host's own
interpreter, or null. Unlike `:3.14` it makes none.""",
    attrs = {
        "default_versions": attr.string_list(
            doc = "The minor versions that can run the build's own programs, oldest first.",
            mandatory = True,
        ),
        "versions": attr.string_list(
            doc = "The minor versions that there are repositories for.",
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
    """An interpreter from Debian's packages, or the reason why there is none."""
    program = rctx.path(rctx.attr.bootstrap)
    for directory in [program.dirname, program.dirname.dirname.get_child("debian")]:
        rctx.watch_tree(directory)
    done = rctx.execute([rctx.path(rctx.attr.python), "-IBS", program, version])
    if done.return_code != 0:
        return None, "not on this host; " + (done.stderr.strip() or "its preparation failed")
    interpreter = probe(host, done.stdout.strip())
    if not interpreter:
        return None, "%s does not run on this host" % done.stdout.strip()
    return interpreter, None

python = repository_rule(
    implementation = _python_impl,
    doc = """One Python to test with: found on the host, or else made from Debian's packages.

Made when a target needs it. Where it cannot be had, `:found` is a constraint value that no
platform satisfies, and the reason is printed.""",
    attrs = {
        "bootstrap": attr.label(
            default = "//toolchains/python:bootstrap.py",
            doc = "The program that makes an interpreter.",
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
    """Returns a minor version as part of a repository's name: "3_14"."""
    return version.replace(".", "_")
