"""The GitHub that tests run against: packages of npm, fetched with the host's npm by hash."""

_BUILD = """\
# Beside the file, where it really lies, is node_modules.
filegroup(
    name = "github",
    srcs = ["{file}"],
    visibility = ["//visibility:public"],
)
"""

def _install(rctx):
    """Links the installed packages; returns why there are none, or None."""
    npm = rctx.which("npm")
    if not npm:
        # Look again when PATH has changed.
        rctx.getenv("PATH")
        return "npm is not on PATH"
    for module in rctx.attr._modules:
        rctx.path(module)  # they are installed again when it changes
    installed = rctx.execute(
        [
            rctx.path(rctx.attr._python),
            "-m",
            "tests.github.install",
            "--npm=%s" % npm,
            "--manifest=%s" % rctx.path(rctx.attr.package),
            "--lock=%s" % rctx.path(rctx.attr.lock),
        ],
        environment = {"PYTHONPATH": str(rctx.workspace_root)},
        timeout = 900,
    )
    if installed.return_code:
        return installed.stderr.strip().replace("\n", " ")
    rctx.symlink(installed.stdout.strip() + "/node_modules", "node_modules")
    return None

def _github_for_tests_impl(rctx):
    not_run = _install(rctx)
    file = "not_run.txt" if not_run else "installed.txt"
    rctx.file(file, (not_run or "node_modules is here") + "\n")
    rctx.file("BUILD.bazel", _BUILD.format(file = file))

_github_for_tests = repository_rule(
    implementation = _github_for_tests_impl,
    doc = "Provides :github, installed.txt beside a link to node_modules in the user's cache, or " +
          "not_run.txt, which says why there is none.",
    attrs = {
        "lock": attr.label(allow_single_file = True, doc = "package-lock.json."),
        "package": attr.label(allow_single_file = True, doc = "package.json."),
        "_modules": attr.label_list(
            default = [
                "//tests:__init__.py",
                "//tests/servers/github:__init__.py",
                "//tests/servers/github:install.py",
                "//toolchains:__init__.py",
                "//toolchains/debian:errors.py",
                "//toolchains/debian:user_cache.py",
                "//toolchains/wheels:__init__.py",
                "//toolchains/wheels:wheel_cache.py",
            ],
            doc = "What installs them.",
        ),
        "_python": attr.label(default = "@pythons//:python_with_pip"),
    },
    # They say where the user's cache is.
    environ = ["HOME", "IREE_RELEASE_CACHE", "XDG_CACHE_HOME"],
)

github_for_tests = module_extension(
    implementation = lambda _mctx: _github_for_tests(
        name = "github_for_tests",
        lock = Label("//tests/servers/github:package-lock.json"),
        package = Label("//tests/servers/github:package.json"),
    ),
    doc = "Provides the repository @github_for_tests.",
)
