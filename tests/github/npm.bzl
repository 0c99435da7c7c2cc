"""The GitHub that tests run against: packages of npm, fetched with the host's npm by hash."""

_BUILD = """\
# Where it really lies, the folder has all of it.
filegroup(
    name = "github",
    srcs = ["{file}"],
    visibility = ["//visibility:public"],
)
"""

# GitHub describes several servers; the others are large.
_DESCRIPTIONS = "node_modules/@octokit/openapi/generated"
_DESCRIPTION = "api.github.com.json"

def _install(rctx, npm):
    """Installs the locked packages; returns why that failed, or None."""
    for label in (rctx.attr.package, rctx.attr.lock):
        rctx.symlink(label, label.name)
    installed = rctx.execute(
        [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
        timeout = 600,
    )
    if installed.return_code:
        return "`npm ci` ended with %d; check npm's configuration and the network: %s" % (
            installed.return_code,
            installed.stderr.strip().replace("\n", " ")[-500:],
        )
    for path in rctx.path(_DESCRIPTIONS).readdir():
        if path.basename != _DESCRIPTION:
            rctx.delete(path)
    return None

def _github_for_tests_impl(rctx):
    npm = rctx.which("npm")
    if npm:
        not_run = _install(rctx, npm)
    else:
        not_run = "npm is not on PATH"

        # Look again when PATH has changed.
        rctx.getenv("PATH")
    file = "not_run.txt" if not_run else "installed.txt"
    rctx.file(file, (not_run or "node_modules is here") + "\n")
    rctx.file("BUILD.bazel", _BUILD.format(file = file))

_github_for_tests = repository_rule(
    implementation = _github_for_tests_impl,
    doc = "Provides :github, installed.txt beside node_modules, or not_run.txt, which says why " +
          "there is none.",
    attrs = {
        "lock": attr.label(allow_single_file = True, doc = "package-lock.json."),
        "package": attr.label(allow_single_file = True, doc = "package.json."),
    },
)

github_for_tests = module_extension(
    implementation = lambda _mctx: _github_for_tests(
        name = "github_for_tests",
        lock = Label("//tests/github:package-lock.json"),
        package = Label("//tests/github:package.json"),
    ),
    doc = "Provides the repository @github_for_tests.",
)
