"""The rule that assembles a wheel, and the one that builds it for every platform and Python."""

load("@bazel_skylib//rules:common_settings.bzl", "BuildSettingInfo")
load("//packaging/launcher:launcher.bzl", "LauncherInfo")
load("//packaging/private:cells.bzl", "wheel_filename")
load("//packaging/private:providers.bzl", "NativePayloadInfo", "WheelInfo", "WheelSetInfo")
load("//packaging/private:tool.bzl", "files_by_name", "run_tool", "tool_attr")
load("//packaging/private:version.bzl", "VERSION_ATTR", "version_of")
load("//packaging/private:without.bzl", "WITHOUT_ATTR", "left_out", "left_out_names")
load("//platforms:matrix.bzl", "MATRIX")

def _abi_tag(ctx, payload, python_tag):
    if python_tag not in payload.abi_tags:
        fail(("--//platforms:python_tag=%s: the payload of %s for %s has nothing for it, it has " +
              "%s; take one of these, or build %s for all of them") % (
            python_tag,
            ctx.attr.distribution,
            payload.platform,
            ", ".join(payload.abi_tags),
            "//packaging:all_wheels",
        ))
    return payload.abi_tags[python_tag]

def _pythons():
    """Returns the Pythons of the matrix, oldest first.

    METADATA names all of them in each wheel, whichever of them that serves: a registry keeps one
    Requires-Python for all files of a version, and which wheel serves a Python its tags say.
    """
    pythons = {}
    for served in MATRIX.values():
        pythons.update({python: int(python.split(".")[1]) for python in served})
    return sorted(pythons, key = lambda python: pythons[python])

def _scripts(ctx):
    """Returns the launcher's file, if any, and what the tool that assembles is told of it."""
    if not ctx.attr.launcher:
        return [], None
    launcher = ctx.attr.launcher[LauncherInfo]
    return [launcher.program], {
        "program": launcher.program.path,
        # Of this platform's programs: .exe, or nothing.
        "suffix": "." + launcher.program.extension if launcher.program.extension else "",
        "tools": launcher.tools,
    }

def _wheel_impl(ctx):
    payload = ctx.attr.payload[NativePayloadInfo]
    version = version_of(ctx)
    python_tag = ctx.attr._python_tag[BuildSettingInfo].value
    abi_tag = _abi_tag(ctx, payload, python_tag)
    filename = wheel_filename(
        ctx.attr.distribution,
        version,
        python_tag,
        abi_tag,
        payload.platform,
    )
    pythons = _pythons()
    wheel = ctx.actions.declare_file(filename)
    licenses = files_by_name(ctx.attr.license_files)
    replacements = files_by_name(ctx.attr.replacements)
    launcher_files, launcher = _scripts(ctx)
    run_tool(
        ctx,
        tool = ctx.executable._assemble,
        mnemonic = "AssembleWheel",
        progress_message = "Assembling %s" % filename,
        inputs = payload.parts.values() + [payload.index] + licenses.values() +
                 replacements.values() + launcher_files,
        outputs = [wheel],
        request = {
            "output": wheel.path,
            "declared": {
                "name": ctx.attr.distribution,
                "version": version,
                "requires_python": ">=" + pythons[0],
                "requires": [text.replace("{version}", version) for text in ctx.attr.requires],
                "extras": {
                    extra: [text.replace("{version}", version) for text in requires]
                    for extra, requires in ctx.attr.extras.items()
                },
                "license_expression": ctx.attr.license_expression,
                "license_files": sorted(licenses),
                "pythons": pythons,
            },
            "python_tag": python_tag,
            "abi_tag": abi_tag,
            "platform_tags": filename.removesuffix(".whl").split("-")[-1].split("."),
            "version_modules": ctx.attr.version_modules,
            "replacements": {path: file.path for path, file in replacements.items()},
            "license_files": {name: file.path for name, file in licenses.items()},
            "launcher": launcher,
            "index": payload.index.path,
            "parts": {name: part.path for name, part in payload.parts.items()},
            "where": "%s/BUILD.bazel" % ctx.label.package,
        },
    )
    return [
        DefaultInfo(files = depset([wheel])),
        WheelInfo(
            file = wheel,
            distribution = ctx.attr.distribution,
            version = version,
            python_tag = python_tag,
            abi_tag = abi_tag,
            platform = payload.platform,
            index = payload.index,
        ),
    ]

wheel = rule(
    implementation = _wheel_impl,
    doc = "A wheel of the payload, for the platform and Python tag that is being built for, at " +
          "//packaging:version. Compressed members are copied, so this takes as long as a copy.",
    provides = [WheelInfo],
    attrs = {
        "distribution": attr.string(
            mandatory = True,
            doc = "Name of the distribution, as on the registry.",
        ),
        "payload": attr.label(
            mandatory = True,
            providers = [NativePayloadInfo],
            doc = "The files.",
        ),
        "version_modules": attr.string_list(
            doc = "Paths within the wheel of modules whose VERSION line is set to the version.",
        ),
        "requires": attr.string_list(
            doc = "Requirements (PEP 508); `{version}` stands for the version being built. " +
                  "Whatever upstream's METADATA requires must be among them.",
        ),
        "extras": attr.string_list_dict(doc = "Requirements by extra."),
        "replacements": attr.label_keyed_string_dict(
            allow_files = [".py"],
            doc = "Files that take the place of the payload's, each with its path in the wheel: " +
                  "for what upstream ships broken.",
        ),
        "launcher": attr.label(
            providers = [LauncherInfo],
            doc = "A program that takes the place of the scripts whose tools are native.",
        ),
        "license_expression": attr.string(
            default = "Apache-2.0 WITH LLVM-exception",
            doc = "SPDX expression over all that is inside.",
        ),
        "license_files": attr.label_keyed_string_dict(
            mandatory = True,
            allow_files = True,
            doc = "Licence texts, each with its name below .dist-info/licenses/.",
        ),
        "_version": VERSION_ATTR,
        "_python_tag": attr.label(default = "//platforms:python_tag"),
        "_assemble": tool_attr("//packaging/assembly:wheel"),
    },
)

def _variants_transition_impl(settings, attr):
    without = left_out_names(settings["//packaging:without"])
    kept = [variant for variant in attr.variants if variant.partition("/")[0] not in without]
    variants = {}

    # With nothing left there would be no transition at all, and no sentence on why.
    for variant in kept or attr.variants:
        platform, _, python_tag = variant.partition("/")
        if platform == "any":
            platforms = settings["//command_line_option:platforms"]
        else:
            platforms = "//platforms:" + platform
        variants[variant] = {
            "//command_line_option:platforms": platforms,
            "//platforms:python_tag": python_tag,
        }
    return variants

_variants_transition = transition(
    implementation = _variants_transition_impl,
    inputs = ["//command_line_option:platforms", "//packaging:without"],
    outputs = ["//command_line_option:platforms", "//platforms:python_tag"],
)

def _wheel_variants_impl(ctx):
    if ctx.attr.unserved:
        fail(ctx.attr.unserved[0])
    left_out(ctx)
    wheels = [
        target[WheelInfo]
        for _, target in sorted(ctx.split_attr.wheel.items())
    ]
    return [
        DefaultInfo(files = depset([wheel.file for wheel in wheels])),
        WheelSetInfo(wheels = wheels),
    ]

wheel_variants = rule(
    implementation = _wheel_variants_impl,
    doc = "One wheel, built for each platform and Python tag of `variants`, without the platforms " +
          "of //packaging:without.",
    provides = [WheelSetInfo],
    attrs = {
        "wheel": attr.label(
            mandatory = True,
            cfg = _variants_transition,
            providers = [WheelInfo],
            doc = "The wheel.",
        ),
        "variants": attr.string_list(
            mandatory = True,
            doc = "What to build it for, as PLATFORM/PYTHON_TAG; the platform any stays on the " +
                  "one that is being built for.",
        ),
        "unserved": attr.string_list(
            doc = "Sentences on cells of the matrix that no payload serves; any is an error.",
        ),
        "_without": WITHOUT_ATTR,
        "_allowlist_function_transition": attr.label(
            default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
        ),
    },
)
