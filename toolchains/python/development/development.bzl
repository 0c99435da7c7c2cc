"""Rules for the development files that CPython extension modules are built with."""

load("//platforms:pythons.bzl", "PYTHONS", "python_tag")
load("//toolchains/zig:defs.bzl", "ZIG_ATTRS", "ZigDriverInfo", "zig_lib")

PythonDevelopmentInfo = provider(
    doc = "Development files that an extension module is compiled and linked with.",
    fields = {
        "configuration": "File: the platform's pyconfig.h",
        "headers": "File: the directory of CPython's headers",
        "interpreter": "File: an interpreter of the same version, for the execution platform",
        "library": "File: the import library of python3.dll; None if modules link with no library",
    },
)

def _stable_abi_library_impl(ctx):
    definition = ctx.actions.declare_file(ctx.label.name + "/python3.def")
    library = ctx.actions.declare_file(ctx.label.name + "/python3.lib")
    ctx.actions.run(
        executable = ctx.executable._define,
        arguments = [definition.path],
        outputs = [definition],
        mnemonic = "StableAbi",
        progress_message = "Listing the stable ABI of CPython",
    )
    dlltool = ctx.attr._driver[ZigDriverInfo].programs["dlltool"]
    ctx.actions.run(
        executable = dlltool,
        arguments = ["-m", "i386:x86-64", "-D", "python3.dll", "-d", definition.path, "-l", library.path],
        inputs = [definition, ctx.file._zig, zig_lib(ctx)],
        outputs = [library],
        env = {"ZIG": ctx.file._zig.path, "ZIG_LIB_DIR": zig_lib(ctx).path},
        mnemonic = "ImportLibrary",
        progress_message = "Creating the import library of python3.dll",
    )
    return [DefaultInfo(files = depset([library]))]

stable_abi_library = rule(
    implementation = _stable_abi_library_impl,
    doc = "The import library of python3.dll, for Windows on x86_64.",
    attrs = {
        "_define": attr.label(
            default = "//toolchains/python/development:stable_abi",
            executable = True,
            cfg = "exec",
        ),
        "_driver": attr.label(
            default = "//toolchains/zig:driver",
            cfg = "exec",
            providers = [ZigDriverInfo],
        ),
    } | ZIG_ATTRS,
)

def for_python_tag(part):
    """Returns a development file for the target Python tag.

    Args:
      part: "headers", "home" or "python" (python_development in //toolchains/python).

    Returns:
      A select().
    """
    parts = {python.version: "@pythons//:%s.%s" % (python.version, part) for python in PYTHONS}
    return select({
        "//platforms:is_" + python_tag(version): target
        for version, target in parts.items()
    } | {
        # The stable ABI works with every later Python.
        "//conditions:default": parts["3.11"],
    })

def _python_development_impl(ctx):
    (headers,) = ctx.files.headers
    files = [ctx.file.configuration, headers, ctx.file.interpreter] + ctx.files.home + ctx.files.library
    return [
        DefaultInfo(files = depset(files)),
        PythonDevelopmentInfo(
            configuration = ctx.file.configuration,
            headers = headers,
            interpreter = ctx.file.interpreter,
            library = ctx.file.library,
        ),
    ]

python_development = rule(
    implementation = _python_development_impl,
    doc = "The development files for extension modules, for one platform and Python.",
    provides = [PythonDevelopmentInfo],
    attrs = {
        "configuration": attr.label(mandatory = True, allow_single_file = [".h"], doc = "pyconfig.h."),
        "headers": attr.label(mandatory = True, allow_files = True, doc = "Directory of headers."),
        "home": attr.label(mandatory = True, allow_files = True, doc = "Files of the interpreter."),
        "interpreter": attr.label(
            mandatory = True,
            allow_single_file = True,
            doc = "An interpreter of the headers' version.",
        ),
        "library": attr.label(allow_single_file = True, doc = "Import library."),
    },
)
