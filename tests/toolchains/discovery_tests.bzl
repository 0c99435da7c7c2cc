"""Tests of the search for interpreters, on fake hosts."""

load("@bazel_skylib//lib:unittest.bzl", "asserts", "unittest")

# buildifier: disable=bzl-visibility
load("//toolchains/python/private:discovery.bzl", "find", "find_default")

_VERSIONS = ["3.11", "3.12", "3.13"]

def _cpython(path, release, implementation = "cpython", level = "final", bits = 64, abiflags = ""):
    """The output of PROBE for an interpreter at a path."""
    return "\n".join([implementation, release, level, str(bits), abiflags, path, ""])

def _host(programs, path = {}, environ = {}):
    """A fake host.

    Args:
      programs: the output of PROBE for each program, by path.
      path: the paths of programs on PATH, by name.
      environ: the environment.
    """

    def list_directory(directory):
        return {
            program[len(directory) + 1:].split("/")[0]: None
            for program in programs
            if program.startswith(directory + "/")
        }.keys()

    return struct(
        getenv = environ.get,
        which = path.get,
        list = list_directory,
        run = programs.get,
    )

def _path_of(interpreter):
    return interpreter.path if interpreter else None

def _resolves_shims_test_impl(ctx):
    env = unittest.begin(ctx)
    host = _host(
        programs = {"/shims/python3.12": _cpython("/opt/3.12.1/bin/python3.12", "3.12.1")},
        path = {"python3.12": "/shims/python3.12"},
    )
    asserts.equals(
        env,
        struct(path = "/opt/3.12.1/bin/python3.12", release = "3.12.1"),
        find(host, "3.12"),
    )
    return unittest.end(env)

_resolves_shims_test = unittest.make(_resolves_shims_test_impl)

def _checks_the_version_of_the_interpreter_test_impl(ctx):
    env = unittest.begin(ctx)
    host = _host(
        programs = {
            "/bin/python3": _cpython("/bin/python3.13", "3.13.0"),
            "/bin/python3.12": _cpython("/bin/python3.11", "3.11.9"),
        },
        path = {"python3": "/bin/python3", "python3.12": "/bin/python3.12"},
    )
    asserts.equals(env, None, find(host, "3.12"))
    asserts.equals(env, "/bin/python3.13", _path_of(find(host, "3.13")))
    return unittest.end(env)

_checks_the_version_of_the_interpreter_test = unittest.make(
    _checks_the_version_of_the_interpreter_test_impl,
)

def _skips_unusable_interpreters_test_impl(ctx):
    env = unittest.begin(ctx)
    shim_that_fails = None
    for printed in [
        shim_that_fails,
        "",
        "Python 3.12.1\n",
        _cpython("/x", "3.12.1", implementation = "pypy"),
        _cpython("/x", "3.12.0", level = "candidate"),
        _cpython("/x", "3.12.1", bits = 32),
        _cpython("/x", "3.12.1", abiflags = "t"),
        _cpython("/x", "3.12.1", abiflags = "d"),
    ]:
        host = _host({"/bin/python3.12": printed}, path = {"python3.12": "/bin/python3.12"})
        asserts.equals(env, None, find(host, "3.12"), "printed: %s" % printed)
    return unittest.end(env)

_skips_unusable_interpreters_test = unittest.make(_skips_unusable_interpreters_test_impl)

def _finds_interpreters_of_version_managers_test_impl(ctx):
    env = unittest.begin(ctx)
    pyenv = "/h/me/.pyenv/versions"
    uv = "/h/me/.local/share/uv/python"
    interpreters = [
        (pyenv + "/3.12.2/bin/python3.12", "3.12.2"),
        (pyenv + "/3.12.10/bin/python3.12", "3.12.10"),
        (pyenv + "/3.12-dev/bin/python3.12", "3.12.11"),
        (uv + "/cpython-3.13.5-linux-x86_64-gnu/bin/python3.13", "3.13.5"),
        (uv + "/pypy-3.11.11-linux-x86_64-gnu/bin/python3.11", "3.11.11"),
    ]
    programs = {path: _cpython(path, release) for path, release in interpreters}
    host = _host(programs, environ = {"HOME": "/h/me"})
    asserts.equals(env, interpreters[1][0], _path_of(find(host, "3.12")))
    asserts.equals(env, interpreters[3][0], _path_of(find(host, "3.13")))
    asserts.equals(env, None, find(host, "3.11"))

    moved = _host(
        {"/py/versions/3.12.2/bin/python3.12": _cpython("/py/3.12", "3.12.2")},
        environ = {"PYENV_ROOT": "/py"},
    )
    asserts.equals(env, "/py/3.12", _path_of(find(moved, "3.12")))
    return unittest.end(env)

_finds_interpreters_of_version_managers_test = unittest.make(_finds_interpreters_of_version_managers_test_impl)

def _prefers_path_test_impl(ctx):
    env = unittest.begin(ctx)
    host = _host(
        programs = {
            "/h/me/.pyenv/versions/3.12.9/bin/python3.12": _cpython("/pyenv", "3.12.9"),
            "/mine/python3.12": _cpython("/mine", "3.12.1"),
            "/usr/bin/python3.12": _cpython("/usr", "3.12.3"),
        },
        path = {"python3.12": "/mine/python3.12"},
        environ = {"HOME": "/h/me"},
    )
    asserts.equals(env, "/mine", _path_of(find(host, "3.12")))
    return unittest.end(env)

_prefers_path_test = unittest.make(_prefers_path_test_impl)

_SEVERAL = {
    "/bin/python3": _cpython("/bin/python3.9", "3.9.2"),
    "/usr/bin/python3.11": _cpython("/usr/bin/python3.11", "3.11.2"),
    "/usr/local/bin/python3.12": _cpython("/usr/local/bin/python3.12", "3.12.7"),
}

def _default_test_impl(ctx):
    env = unittest.begin(ctx)
    path = {"python3": "/bin/python3"}

    interpreter, reason = find_default(_host(_SEVERAL, path), _VERSIONS)
    asserts.equals(env, "/usr/local/bin/python3.12", _path_of(interpreter), "the newest supported")
    asserts.equals(env, None, reason)

    newer = dict(_SEVERAL, **{"/bin/python3": _cpython("/bin/python3.11", "3.11.2")})
    interpreter, _ = find_default(_host(newer, path), _VERSIONS)
    asserts.equals(env, "/bin/python3.11", _path_of(interpreter), "python3 on PATH, if supported")

    for requested in ["3.11", "/usr/bin/python3.11"]:
        host = _host(_SEVERAL, path, {"IREE_RELEASE_PYTHON": requested})
        interpreter, _ = find_default(host, _VERSIONS)
        asserts.equals(env, "/usr/bin/python3.11", _path_of(interpreter), requested)
    return unittest.end(env)

_default_test = unittest.make(_default_test_impl)

def _default_missing_test_impl(ctx):
    env = unittest.begin(ctx)
    for environ, message in [
        (
            {"IREE_RELEASE_PYTHON": "3.13"},
            "IREE_RELEASE_PYTHON=3.13 is not a 64-bit CPython on this machine",
        ),
        (
            {"IREE_RELEASE_PYTHON": "/opt/absent"},
            "IREE_RELEASE_PYTHON=/opt/absent is not a 64-bit CPython on this machine",
        ),
        (
            {"IREE_RELEASE_PYTHON": "/bin/python3"},
            "IREE_RELEASE_PYTHON=/bin/python3 is Python 3.9.2; supported are 3.11, 3.12, 3.13",
        ),
    ]:
        interpreter, reason = find_default(_host(_SEVERAL, environ = environ), _VERSIONS)
        asserts.equals(env, None, interpreter)
        asserts.equals(env, message, reason)

    interpreter, reason = find_default(_host({}), _VERSIONS)
    asserts.equals(env, None, interpreter)
    asserts.true(env, reason.startswith("none of Python 3.11, 3.12, 3.13 was found on PATH"))
    return unittest.end(env)

_default_missing_test = unittest.make(_default_missing_test_impl)

def discovery_tests(name):
    """Declares the tests.

    Args:
      name: name of the test suite.
    """
    unittest.suite(
        name,
        _resolves_shims_test,
        _checks_the_version_of_the_interpreter_test,
        _skips_unusable_interpreters_test,
        _finds_interpreters_of_version_managers_test,
        _prefers_path_test,
        _default_test,
        _default_missing_test,
    )
