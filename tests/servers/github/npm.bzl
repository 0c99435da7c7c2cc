"""The npm packages of the GitHub for tests, fetched by hash with the host's npm."""

_BUILD = """\
# node_modules is beside the target of this file's symlink.
filegroup(
    name = "github",
    srcs = ["{file}"],
    visibility = ["//visibility:public"],
)
"""

def _install(rctx):
    """Links the installed packages; returns None, or the reason why that is not possible."""
    npm = rctx.which("npm")
    if not npm:
        # Try again when PATH changes.
        rctx.getenv("PATH")
        return "npm is not on PATH"
    for module in rctx.attr._modules:
        rctx.path(module)  # install again when it changes
    installed = rctx.execute(
        [
            rctx.path(rctx.attr._python),
            "-m",
            "tests.servers.github.install",
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
    rctx.file(file, (not_run or "node_modules is in this directory") + "\n")
    rctx.file("BUILD.bazel", _BUILD.format(file = file))

_github_for_tests = repository_rule(
    implementation = _github_for_tests_impl,
    doc = "Provides :github: installed.txt beside a link to node_modules in the user's cache, or " +
          "not_run.txt with the reason why the packages are missing.",
    attrs = {
        "lock": attr.label(allow_single_file = True, doc = "package-lock.json."),
        "package": attr.label(allow_single_file = True, doc = "package.json."),
        "_modules": attr.label_list(
            default = [
                "//tests:__init__.py",
                "//tests/servers:__init__.py",
                "//tests/servers/github:__init__.py",
                "//tests/servers/github:install.py",
                "//toolchains:__init__.py",
                "//toolchains/debian:errors.py",
                "//toolchains/debian:user_cache.py",
                "//toolchains/wheels:__init__.py",
                "//toolchains/wheels:wheel_cache.py",
            ],
            doc = "The Python modules of the installer.",
        ),
        "_python": attr.label(default = "@pythons//:python_with_pip"),
    },
    # They determine the location of the user's cache.
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
