"""What the toolchains run, and the compiled C runtimes that they link with."""

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
        doc = "Its own sources and headers, one directory.",
    ),
}

_ONCE = {
    "//packaging:other_version": "",
    "//platforms:python_tag": "py3",
    "//toolchains/zig:cxx": True,
}

def _once_impl(_settings, _attr):
    return _ONCE

# Whoever needs it, it is made once: what is set on the way to a wheel or a program says nothing to
# it, and would have it made again elsewhere.
_once = transition(
    implementation = _once_impl,
    inputs = [],
    outputs = _ONCE.keys(),
)

# What driver.c is called by; the name says what it does.
VERBS = ["ar", "c++", "cc", "dlltool", "ranlib"]

ZigDriverInfo = provider(
    doc = "The command line of the compiler and its companions.",
    fields = {"programs": "dict of File by verb: cc, c++, ar, ranlib, dlltool"},
)

def zig_lib(ctx):
    """Returns the directory of zig's sources and headers, for a rule with ZIG_ATTRS."""
    (directory,) = ctx.files._lib
    return directory

# Where actions run in the root directory, zig 0.17 does not find what it compiles by a relative path.
_IN_FULL = """\
#!/bin/sh
ZIG_LIB_DIR=${PWD%/}/$ZIG_LIB_DIR exec "$@"
"""

def _zig_driver_impl(ctx):
    driver = ctx.actions.declare_file(ctx.label.name + "/driver")
    cache = driver.path + ".cache"
    in_full = ctx.actions.declare_file(ctx.label.name + ".sh")
    ctx.actions.write(in_full, _IN_FULL, is_executable = True)
    ctx.actions.run(
        executable = in_full,
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
        progress_message = "Compiling the driver of the C compiler",
    )
    programs = {}
    for verb in VERBS:
        programs[verb] = ctx.actions.declare_file("%s/zig-%s" % (ctx.label.name, verb))
        ctx.actions.symlink(output = programs[verb], target_file = driver, is_executable = True)
    return [
        DefaultInfo(files = depset(programs.values())),
        ZigDriverInfo(programs = programs),
    ]

zig_driver = rule(
    implementation = _zig_driver_impl,
    cfg = _once,
    doc = "The driver, compiled for the machine that runs it.",
    provides = [ZigDriverInfo],
    attrs = {
        "src": attr.label(mandatory = True, allow_single_file = [".c"], doc = "driver.c."),
        "target": attr.string(mandatory = True, doc = "That machine, as zig has it."),
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
        # Whichever configuration asks for it, it is the same action, and in a cache but once.
        execution_requirements = {"supports-path-mapping": "1"},
        mnemonic = "ZigRuntime",
        progress_message = "Compiling the %s runtime for %s, once on this machine" % (
            ctx.attr.language.upper(),
            ctx.attr.target,
        ),
    )
    return [DefaultInfo(files = depset([tree]))]

zig_runtime = rule(
    implementation = _zig_runtime_impl,
    cfg = _once,
    doc = "The C or C++ runtime of a target, compiled: a directory that driver.c links with.",
    attrs = {
        "target": attr.string(mandatory = True, doc = "The target, as zig has it."),
        "language": attr.string(values = ["c", "c++"], mandatory = True, doc = "Its language."),
        "_compile": attr.label(
            default = "//toolchains/zig:runtime",
            executable = True,
            cfg = "exec",
        ),
    } | ZIG_ATTRS,
)
