"""Finds CPython on a host.

The functions access a host through a struct, so that tests can pass a fake one:

- `getenv(name)` is the value of an environment variable, or None;
- `which(program)` is the path of a program on PATH, or None;
- `list(directory)` is the names in a directory, empty if the directory does not exist;
- `run(program)` is the output of the program for the script PROBE, or None if it fails.
"""

# The oldest Python that the tools of this repository support.
OLDEST_TOOL = "3.11"

# The environment variables that decide what is found.
SELECTING_VARIABLES = [
    "HOME",
    "IREE_RELEASE_PYTHON",
    "PATH",
    "PYENV_ROOT",
    "PYENV_VERSION",
    "UV_PYTHON_INSTALL_DIR",
    "XDG_DATA_HOME",
]

# Run by the interpreter itself, since "python3.12" may be a shim or another program.
PROBE = """\
import os, struct, sys
print(sys.implementation.name)
print("%d.%d.%d" % sys.version_info[:3])
print(sys.version_info[3])
print(8 * struct.calcsize("P"))
print(getattr(sys, "abiflags", ""))
print(os.path.realpath(sys.executable))
"""

def find(host, version):
    """Returns an interpreter of one minor version.

    Args:
      host: the host, as described in this module's docstring.
      version: a minor version, such as "3.12".

    Returns:
      A struct of `path` (the executable itself, never a shim) and `release` ("3.12.1"), or None.
    """
    for candidate in _candidates(host, version):
        interpreter = probe(host, candidate)
        if interpreter and minor(interpreter.release) == version:
            return interpreter
    return None

def find_default(host, versions):
    """Returns the interpreter that runs the build's programs.

    That is IREE_RELEASE_PYTHON, a path or a minor version, if set; else `python3` on PATH, if its
    version is one of `versions`; else the newest of `versions` on the host.

    Args:
      host: the host, as described in this module's docstring.
      versions: the supported minor versions, oldest first.

    Returns:
      A pair of the interpreter, as `find` returns it, and None; or of None and the reason.
    """
    requested = host.getenv("IREE_RELEASE_PYTHON")
    if requested:
        interpreter = probe(host, requested) if "/" in requested else find(host, requested)
        if not interpreter:
            return None, (
                "IREE_RELEASE_PYTHON=%s is not a 64-bit CPython on this machine" % requested
            )
        if minor(interpreter.release) not in versions:
            return None, "IREE_RELEASE_PYTHON=%s is Python %s; supported are %s" % (
                requested,
                interpreter.release,
                ", ".join(versions),
            )
        return interpreter, None
    on_path = probe(host, host.which("python3"))
    if on_path and minor(on_path.release) in versions:
        return on_path, None
    for version in reversed(versions):
        interpreter = find(host, version)
        if interpreter:
            return interpreter, None
    return None, ("none of Python %s was found on PATH or among the versions of pyenv and uv: " +
                  "install one, or set IREE_RELEASE_PYTHON to its path") % ", ".join(versions)

def probe(host, program):
    """Checks that a program is a usable CPython.

    Free-threaded and debug builds do not load the wheels of a release, and pre-releases may still
    change their ABI, so these are not usable.

    Args:
      host: the host, as described in this module's docstring.
      program: the path of a program, or None.

    Returns:
      A struct as `find` returns it, or None.
    """
    printed = host.run(program) if program else None
    lines = printed.split("\n") if printed else []
    if len(lines) < 6:
        return None
    implementation, release, level, bits, abiflags, path = lines[:6]
    if (implementation, level, bits, abiflags) != ("cpython", "final", "64", ""):
        return None
    return struct(path = path, release = release)

def minor(release):
    """Returns the minor version of a release: "3.12" for "3.12.1"."""
    return ".".join(release.split(".")[:2])

def _candidates(host, version):
    program = "python" + version
    on_path = [host.which(name) for name in [program, "python3", "python"]]
    fixed = ["%s/bin/%s" % (root, program) for root in ["/usr/local", "/usr", "/opt/homebrew"]]
    return on_path + _installed(host, version, program) + fixed

def _installed(host, version, program):
    """The interpreters of version managers, whether or not they are selected."""
    home = host.getenv("HOME") or "/nonexistent"
    data = host.getenv("XDG_DATA_HOME") or home + "/.local/share"
    pyenv = (host.getenv("PYENV_ROOT") or home + "/.pyenv") + "/versions"
    uv = host.getenv("UV_PYTHON_INSTALL_DIR") or data + "/uv/python"
    return [
        "%s/%s/bin/%s" % (directory, name, program)
        for directory, prefix in [(pyenv, ""), (uv, "cpython-")]
        for name in _newest_first(host.list(directory), prefix + version + ".")
    ]

def _newest_first(names, prefix):
    """The names in which a number follows a prefix, sorted by that number, greatest first."""
    numbered = []
    for name in names:
        patch = name[len(prefix):].split("-")[0]
        if name.startswith(prefix) and patch.isdigit():
            numbered.append((int(patch), name))
    return [name for _, name in reversed(sorted(numbered))]
