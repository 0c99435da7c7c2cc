"""The native scripts of a wheel: one small program that runs each of a package's tools."""

load("@rules_cc//cc:cc_binary.bzl", "cc_binary")
load("//packaging/private:universal.bzl", "universal_program")
load("//packaging/private:version.bzl", "NO_OTHER_VERSION")

LauncherInfo = provider(
    doc = "The program that is every script of a package whose tool is a native program.",
    fields = {
        "program": "File: the program; it goes by the name it is called by",
        "tools": "dict of string by string: the directory of the package that has a tool, by the " +
                 "name of its script",
    },
)

def _c_string(text):
    return json.encode(text)

def _tools_header_impl(ctx):
    unknown = [name for name in ctx.attr.varying if name not in ctx.attr.tools]
    if unknown:
        fail("%s: varying names %s, which tools does not have" % (ctx.label, ", ".join(unknown)))
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
    for value, described in sorted(ctx.attr.variants.items()):
        title, _, directory = described.partition("=")
        lines.append("    {%s, %s, %s}," % (_c_string(value), _c_string(title), _c_string(directory)))
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
            doc = "Environment variable with directories that are looked through first.",
        ),
        "tools": attr.string_dict(
            mandatory = True,
            doc = "The directory that has a tool, below site-packages, by the tool's name.",
        ),
        "variant_variable": attr.string(
            doc = "Environment variable that asks for a variant of the tools.",
        ),
        "variants": attr.string_dict(
            doc = "TITLE=DIRECTORY by the variable's value: what is said, and where the tools then are.",
        ),
        "varying": attr.string_list(doc = "The tools that a variant has as well."),
    },
)

_C_ALONE = NO_OTHER_VERSION | {
    "//platforms:python_tag": "py3",
    "//toolchains/zig:cxx": False,
}

def _c_alone_impl(_settings, _attr):
    return _C_ALONE

# It is the same for every Python and version, and has no C++.
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
    doc = "A launcher, for the platform that is being built for.",
    provides = [LauncherInfo],
    cfg = _c_alone,
    attrs = {
        "program": attr.label(
            mandatory = True,
            executable = True,
            cfg = "target",
            doc = "The program.",
        ),
        "tools": attr.string_dict(mandatory = True, doc = "As in its tables."),
        "_allowlist_function_transition": attr.label(
            default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
        ),
    },
)

def launcher(name, package, tools, visibility = None, **kwargs):
    """Declares the launcher of a package's native tools.

    Args:
      name: name of the target.
      package: the distribution.
      tools: the directory that has a tool, below site-packages, by the tool's name.
      visibility: who may ship it.
      **kwargs: search_variable, variant_variable, variants and varying, as tools.h has them.
    """
    header = name + "_tables/tools.h"
    _tools_header(
        name = name + "_tables",
        out = header,
        package = package,
        tools = tools,
        visibility = ["//visibility:private"],
        **kwargs
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
        # For itself it has no platform, so //... must pass it over.
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
