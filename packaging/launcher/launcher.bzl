"""Native scripts of wheels: one small program that runs each of a package's native tools."""

load("@rules_cc//cc:cc_binary.bzl", "cc_binary")
load("//packaging/private:universal.bzl", "universal_program")
load("//packaging/private:version.bzl", "NO_OTHER_VERSION")

LauncherInfo = provider(
    doc = "The program that a wheel ships as the script of each native tool.",
    fields = {
        "program": "File: the program; the name that it is called by selects the tool",
        "tools": "dict of string by string: the directory in site-packages that contains a tool, by " +
                 "the name of its script",
    },
)

def _c_string(text):
    return json.encode(text)

def _tools_header_impl(ctx):
    unknown = [name for name in ctx.attr.varying if name not in ctx.attr.tools]
    if unknown:
        fail("%s: `varying` lists %s, which `tools` lacks" % (ctx.label, ", ".join(unknown)))
    lines = [
        "#define PACKAGE " + _c_string(ctx.attr.package),
        "#define SEARCH_VARIABLE " + (_c_string(ctx.attr.search_variable) if ctx.attr.search_variable else "NULL"),
        "#define VARIANT_VARIABLE " + (_c_string(ctx.attr.variant_variable) if ctx.attr.variant_variable else "NULL"),
        "",
        "static const struct tool tools[] = {",
    ]
    for name, directory in sorted(ctx.attr.tools.items()):
        varies = "true" if name in ctx.attr.varying else "false"
        lines.append("    {%s, %s, %s}," % (_c_string(name), _c_string(directory), varies))
    lines += [
        "    {NULL, NULL, false},",
        "};",
        "",
        "static const struct variant variants[] = {",
    ]
    for value, title in sorted(ctx.attr.variant_titles.items()):
        directory = ctx.attr.variant_directories[value]
        lines.append("    {%s, %s, %s}," % tuple([
            _c_string(text)
            for text in [value, title, directory]
        ]))
    lines += [
        "    {NULL, NULL, NULL},",
        "};",
    ]
    ctx.actions.write(ctx.outputs.out, "\n".join(lines) + "\n")
    return [DefaultInfo(files = depset([ctx.outputs.out]))]

_tools_header = rule(
    implementation = _tools_header_impl,
    doc = "tools.h: the tables of launcher.c.",
    attrs = {
        "out": attr.output(mandatory = True, doc = "The header."),
        "package": attr.string(mandatory = True, doc = "The distribution, for messages."),
        "search_variable": attr.string(
            doc = "Environment variable with directories that are searched first.",
        ),
        "tools": attr.string_dict(
            mandatory = True,
            doc = "The directory in site-packages that contains the tool, by the tool's name.",
        ),
        "variant_directories": attr.string_dict(
            doc = "The directory in site-packages with a variant's tools, by the variable's value.",
        ),
        "variant_titles": attr.string_dict(
            doc = "What the launcher prints when it uses a variant, by the variable's value.",
        ),
        "variant_variable": attr.string(
            doc = "Environment variable that selects a variant of the tools.",
        ),
        "varying": attr.string_list(doc = "The tools that variants have too."),
    },
)

_C_ALONE = NO_OTHER_VERSION | {
    "//platforms:python_tag": "py3",
    "//toolchains/zig:cxx": False,
}

def _c_alone_impl(_settings, _attr):
    return _C_ALONE

# A launcher is the same for every Python and version, and contains no C++.
_c_alone = transition(
    implementation = _c_alone_impl,
    inputs = [],
    outputs = _C_ALONE.keys(),
)

def _launcher_impl(ctx):
    return [
        DefaultInfo(files = depset([ctx.executable.program])),
        LauncherInfo(program = ctx.executable.program, tools = ctx.attr.tools),
    ]

_launcher = rule(
    implementation = _launcher_impl,
    doc = "The rule behind `launcher`.",
    provides = [LauncherInfo],
    cfg = _c_alone,
    attrs = {
        "program": attr.label(
            mandatory = True,
            executable = True,
            cfg = "target",
            doc = "The program.",
        ),
        "tools": attr.string_dict(mandatory = True, doc = "The tools, as in its tables."),
        "_allowlist_function_transition": attr.label(
            default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
        ),
    },
)

def launcher_variant(title, directory):
    """Returns a variant of a launcher's tools.

    Example:

    ```starlark
    launcher_variant(
        title = "Tracy runtime",
        directory = "iree/_runtime_libs_tracy",
    )
    ```

    Args:
      title: what the launcher prints when it uses the variant.
      directory: the directory in site-packages that contains its tools.

    Returns:
      A struct with the fields `title` and `directory`.
    """
    return struct(title = title, directory = directory)

def launcher(
        name,
        package,
        tools,
        search_variable = None,
        variant_variable = None,
        variants = {},
        varying = [],
        visibility = None):
    """Declares the program that a wheel ships in place of Python scripts, for its native tools.

    Example:

    ```starlark
    launcher(
        name = "launcher",
        package = "iree-compiler",
        search_variable = "IREE_TOOL_PATH",
        tools = {"iree-compile": "iree/compiler/_mlir_libs"},
    )
    ```

    Args:
      name: name of the target.
      package: name of the distribution.
      tools: the directory in site-packages that contains the tool, by the tool's name.
      search_variable: environment variable with directories that are searched first.
      variant_variable: environment variable that selects a variant of the tools.
      variants: structs that `launcher_variant` returns, by the value of `variant_variable`.
      varying: the tools that variants have too; the others are always the default.
      visibility: which packages may ship it.
    """
    header = name + "_tables/tools.h"
    _tools_header(
        name = name + "_tables",
        out = header,
        package = package,
        search_variable = search_variable,
        tools = tools,
        variant_directories = {value: known.directory for value, known in variants.items()},
        variant_titles = {value: known.title for value, known in variants.items()},
        variant_variable = variant_variable,
        varying = varying,
        visibility = ["//visibility:private"],
    )
    cc_binary(
        name = name + "_program",
        srcs = [
            header,
            "//packaging/launcher:launcher.c",
            "//packaging/launcher:host.h",
        ] + select({
            "@platforms//os:windows": ["//packaging/launcher:host_windows.c"],
            "//conditions:default": ["//packaging/launcher:host_posix.c"],
        }),
        copts = [
            "-Wall",
            "-Wextra",
            "-Werror",
            "-std=c11",
        ],
        includes = [name + "_tables"],
        # Without a platform it cannot be built, so wildcards such as //... must skip it.
        tags = ["manual"],
        visibility = ["//visibility:private"],
    )
    universal_program(
        name = name + "_universal",
        program = name + "_program",
        tags = ["manual"],
        visibility = ["//visibility:private"],
    )
    _launcher(
        name = name,
        program = select({
            "//platforms:is_macos_universal2": name + "_universal",
            "//conditions:default": name + "_program",
        }),
        tags = ["manual"],
        tools = tools,
        visibility = visibility,
    )
