"""Python programs for build actions."""

load("@rules_python//python:defs.bzl", "PyInfo")

_TOOLCHAIN = "@rules_python//python:toolchain_type"

# Finds the runfiles as py_binary does: beside the program, around it, or in RUNFILES_DIR.
_PROGRAM = """\
#!/bin/sh
case "$0" in
/*) self=$0 ;;
*) self=$PWD/$0 ;;
esac
if [ -d "$self.runfiles" ]; then
	runfiles=$self.runfiles
else
	case "$self" in
	*.runfiles/*) runfiles=${{self%%.runfiles/*}}.runfiles ;;
	*) runfiles=${{RUNFILES_DIR:?"$self has no runfiles"}} ;;
	esac
fi
PYTHONPATH={path} exec "$runfiles/{python}" -P "$runfiles/{main}" "$@"
"""

def _in_runfiles(ctx, short_path):
    """The path of a file in a runfiles tree."""
    if short_path.startswith("../"):
        return short_path.removeprefix("../")
    return "%s/%s" % (ctx.workspace_name, short_path)

def _py_tool_impl(ctx):
    runtime = ctx.toolchains[_TOOLCHAIN].py3_runtime
    imports = depset(transitive = [dep[PyInfo].imports for dep in ctx.attr.deps])
    program = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.write(program, _PROGRAM.format(
        main = _in_runfiles(ctx, ctx.file.main.short_path),
        path = ":".join([
            "$runfiles/" + path
            for path in [ctx.workspace_name] + imports.to_list()
        ]),
        python = _in_runfiles(ctx, runtime.interpreter.short_path),
    ), is_executable = True)
    runfiles = ctx.runfiles(
        files = [ctx.file.main, runtime.interpreter],
        transitive_files = runtime.files,
    ).merge_all([dep[DefaultInfo].default_runfiles for dep in ctx.attr.deps])
    return [DefaultInfo(executable = program, files = depset([program]), runfiles = runfiles)]

py_tool = rule(
    implementation = _py_tool_impl,
    doc = """A Python program for build actions.

A `py_binary` is started by the machine's Python, which then starts the toolchain's interpreter. A
`py_tool` starts the toolchain's interpreter directly, so it runs on machines without Python, and
faster.

```starlark
py_tool(
    name = "collect",
    main = "collect.py",
    deps = [":collect_lib"],
)
```""",
    executable = True,
    attrs = {
        "deps": attr.label_list(
            doc = "The libraries of the program, including the one with `main`.",
            mandatory = True,
            providers = [PyInfo],
        ),
        "main": attr.label(
            allow_single_file = [".py"],
            doc = "The file to run.",
            mandatory = True,
        ),
    },
    toolchains = [_TOOLCHAIN],
)
