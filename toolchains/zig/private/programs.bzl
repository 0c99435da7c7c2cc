"""The programs of the toolchains, and the compiled runtimes that they link with."""

ZIG_ATTRS = {
    "_zig": attr.label(
        default = "@zig//:ziglang/zig",
        allow_single_file = True,
        cfg = "exec",
        doc = "The program zig.",
    ),
    "_lib": attr.label(
        default = "@zig//:lib",
        allow_files = True,
        cfg = "exec",
        doc = "The directory of its sources and headers.",
    ),
}

_SHARED_SETTINGS = {
    "//packaging:other_version": "",
    "//platforms:python_tag": "py3",
    "//toolchains/zig:cxx": True,
}

def _shared_impl(_settings, _attr):
    return _SHARED_SETTINGS

# Built once for all dependents: these settings of wheels and programs do not affect it, but would
# build it again in another configuration.
_shared = transition(
    implementation = _shared_impl,
    inputs = [],
    outputs = _SHARED_SETTINGS.keys(),
)

# The tools of the driver, which it selects by its name: zig-cc and so on.
_TOOLS = ["ar", "c++", "cc", "dlltool", "ranlib"]

ZigDriverInfo = provider(
    doc = "The programs of the compiler driver.",
    fields = {"programs": "dict of File by tool: cc, c++, ar, ranlib, dlltool"},
)

def zig_lib(ctx):
    """Returns the directory of zig's sources and headers, for a rule with ZIG_ATTRS."""
    (directory,) = ctx.files._lib
    return directory

# In the root directory, where some actions run, zig 0.17 fails with a relative path.
_ABSOLUTE_LIB_DIR = """\
#!/bin/sh
ZIG_LIB_DIR=${PWD%/}/$ZIG_LIB_DIR exec "$@"
"""

def _zig_driver_impl(ctx):
    driver = ctx.actions.declare_file(ctx.label.name + "/driver")
    cache = driver.path + ".cache"
    wrapper = ctx.actions.declare_file(ctx.label.name + ".sh")
    ctx.actions.write(wrapper, _ABSOLUTE_LIB_DIR, is_executable = True)
    ctx.actions.run(
        executable = wrapper,
        arguments = [
            ctx.file._zig.path,
            "cc",
            "-target",
            ctx.attr.target,
            "-O2",
            "-s",
            "-o",
            driver.path,
            ctx.file.src.path,
        ],
        inputs = [ctx.file.src, zig_lib(ctx)],
        outputs = [driver],
        tools = [ctx.file._zig],
        env = {
            "ZIG_GLOBAL_CACHE_DIR": cache,
            "ZIG_LIB_DIR": zig_lib(ctx).path,
            "ZIG_LOCAL_CACHE_DIR": cache,
        },
        mnemonic = "ZigDriver",
        progress_message = "Compiling the compiler driver",
    )
    programs = {}
    for tool in _TOOLS:
        programs[tool] = ctx.actions.declare_file("%s/zig-%s" % (ctx.label.name, tool))
        ctx.actions.symlink(output = programs[tool], target_file = driver, is_executable = True)
    return [
        DefaultInfo(files = depset(programs.values())),
        ZigDriverInfo(programs = programs),
    ]

zig_driver = rule(
    implementation = _zig_driver_impl,
    cfg = _shared,
    doc = "The compiler driver, compiled for the machine that runs it.",
    provides = [ZigDriverInfo],
    attrs = {
        "src": attr.label(mandatory = True, allow_single_file = [".c"], doc = "driver.c."),
        "target": attr.string(mandatory = True, doc = "zig's name of that machine."),
    } | ZIG_ATTRS,
)

def _zig_runtime_impl(ctx):
    tree = ctx.actions.declare_directory(ctx.label.name)
    arguments = ctx.actions.args()
    arguments.add("--zig", ctx.file._zig)
    arguments.add_all("--lib", [zig_lib(ctx)], expand_directories = False)
    arguments.add("--target", ctx.attr.target)
    arguments.add("--language", ctx.attr.language)
    arguments.add_all("--output", [tree], expand_directories = False)
    ctx.actions.run(
        executable = ctx.executable._compile,
        arguments = [arguments],
        inputs = [zig_lib(ctx)],
        outputs = [tree],
        tools = [ctx.file._zig],
        # The same action, with one cache entry, in every configuration.
        execution_requirements = {"supports-path-mapping": "1"},
        mnemonic = "ZigRuntime",
        progress_message = "Compiling the %s runtime for %s (once per machine)" % (
            ctx.attr.language.upper(),
            ctx.attr.target,
        ),
    )
    return [DefaultInfo(files = depset([tree]))]

zig_runtime = rule(
    implementation = _zig_runtime_impl,
    cfg = _shared,
    doc = "The compiled C or C++ runtime of a target, a directory that driver.c links with.",
    attrs = {
        "target": attr.string(mandatory = True, doc = "zig's name of the target."),
        "language": attr.string(values = ["c", "c++"], mandatory = True, doc = "Its language."),
        "_compile": attr.label(
            default = "//toolchains/zig:runtime",
            executable = True,
            cfg = "exec",
        ),
    } | ZIG_ATTRS,
)
