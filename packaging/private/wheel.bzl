"""The rule that assembles a wheel, and the one that builds it for every platform and Python."""

load("@bazel_skylib//rules:common_settings.bzl", "BuildSettingInfo")
load("//packaging/launcher:launcher.bzl", "LauncherInfo")
load("//packaging/private:cells.bzl", "platform_tags", "wheel_filename")
load("//packaging/private:providers.bzl", "NativePayloadInfo", "WheelInfo", "WheelSetInfo")
load("//packaging/private:tool.bzl", "files_by_name", "run_tool", "tool_attr")
load("//packaging/private:version.bzl", "VERSION_ATTR", "version_of")
load("//packaging/private:without.bzl", "WITHOUT_ATTR", "left_out", "left_out_names")
load("//platforms:matrix.bzl", "MATRIX", "pythons_of")

def _abi_tag(ctx, payload, python_tag):
    if python_tag not in payload.abi_tags:
        fail(("--//platforms:python_tag=%s: the payload of %s for %s has no files for this tag, " +
              "only for %s; pass one of these, or build //packaging:all_wheels for all of them") % (
            python_tag,
            ctx.attr.distribution,
            payload.platform,
            ", ".join(payload.abi_tags),
        ))
    return payload.abi_tags[python_tag]

def _launcher(ctx):
    """Returns the launcher's files, and what the request says about it (None without one)."""
    if not ctx.attr.launcher:
        return [], None
    launcher = ctx.attr.launcher[LauncherInfo]
    return [launcher.program], {
        "program": launcher.program.path,
        # The suffix of the platform's programs: ".exe" or "".
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
    pythons = ctx.attr.pythons

    # In a directory of its own: the directory of a product has only the whole release.
    wheel = ctx.actions.declare_file("%s/%s" % (ctx.label.name, filename))
    license_files = files_by_name(ctx.attr.license_files)
    replacements = files_by_name(ctx.attr.replacements)
    launcher_files, launcher = _launcher(ctx)
    run_tool(
        ctx,
        tool = ctx.executable._assemble,
        mnemonic = "AssembleWheel",
        progress_message = "Assembling %s" % filename,
        inputs = payload.parts.values() + [payload.index] + license_files.values() +
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
                "license_files": sorted(license_files),
                "pythons": pythons,
            },
            "python_tag": python_tag,
            "abi_tag": abi_tag,
            "platform_tags": platform_tags(payload.platform),
            "version_modules": ctx.attr.version_modules,
            "replacements": {path: file.path for path, file in replacements.items()},
            "license_files": {name: file.path for name, file in license_files.items()},
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
    doc = """Assembles a wheel from a payload.

The wheel is for the platform and the Python tag that the build is for, at the version of
`//packaging:version`. Compressed members are copied, so this takes no longer than a copy.

Example:

```starlark
wheel(
    name = "wheel",
    distribution = "abacus",
    license_expression = "Apache-2.0 WITH LLVM-exception",
    license_files = {"//:LICENSE": "LICENSE"},
    payload = ":payload",
    requires = ["numpy"],
    # Without a platform it cannot be built, so wildcards such as //... must skip it.
    tags = ["manual"],
    version_modules = ["abacus/version.py"],
)
```
""",
    provides = [WheelInfo],
    attrs = {
        "distribution": attr.string(
            mandatory = True,
            doc = "Name of the distribution on the registry.",
        ),
        "payload": attr.label(
            mandatory = True,
            providers = [NativePayloadInfo],
            doc = "The files of the wheel.",
        ),
        "version_modules": attr.string_list(
            doc = "Paths in the wheel of modules whose VERSION line is set to the version.",
        ),
        "requires": attr.string_list(
            doc = "Requirements (PEP 508); `{version}` is replaced by the version of the build. " +
                  "Everything that upstream's METADATA requires must be here or in `extras`.",
        ),
        "extras": attr.string_list_dict(doc = "Requirements by extra."),
        "replacements": attr.label_keyed_string_dict(
            allow_files = [".py"],
            doc = "Files that replace files of the payload, with their paths in the wheel: fixes " +
                  "of what upstream ships broken.",
        ),
        "launcher": attr.label(
            providers = [LauncherInfo],
            doc = "A program that replaces the Python scripts of native tools.",
        ),
        "pythons": attr.string_list(
            default = pythons_of(MATRIX),
            doc = "The Pythons of the product, oldest first. METADATA names all of them in each " +
                  "wheel, not only those that the wheel serves: a registry has one " +
                  "Requires-Python for all files of a version, and tags say which wheel serves " +
                  "a Python. By default those of the matrix.",
        ),
        "license_expression": attr.string(
            mandatory = True,
            doc = "SPDX expression that covers all files of the wheel.",
        ),
        "license_files": attr.label_keyed_string_dict(
            mandatory = True,
            allow_files = True,
            doc = "License texts, with their names below .dist-info/licenses/.",
        ),
        "_version": VERSION_ATTR,
        "_python_tag": attr.label(default = "//platforms:python_tag"),
        "_assemble": tool_attr("//packaging/builder/assembly:wheel"),
    },
)

def _variants_transition_impl(settings, attr):
    without = left_out_names(settings["//packaging:without"])
    kept = {
        platform: python_tags
        for platform, python_tags in attr.python_tags.items()
        if platform not in without
    }
    configurations = {}

    # A transition to no configuration at all would fail before `left_out` can explain why.
    for platform, python_tags in (kept or attr.python_tags).items():
        if platform == "any":
            platforms = settings["//command_line_option:platforms"]
        else:
            platforms = "//platforms:" + platform
        for python_tag in python_tags:
            configurations["%s/%s" % (platform, python_tag)] = {
                "//command_line_option:platforms": platforms,
                "//platforms:python_tag": python_tag,
            }
    return configurations

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

_wheel_variants = rule(
    implementation = _wheel_variants_impl,
    doc = "The rule behind `wheel_variants`.",
    provides = [WheelSetInfo],
    attrs = {
        "wheel": attr.label(
            mandatory = True,
            cfg = _variants_transition,
            providers = [WheelInfo],
            doc = "The wheel.",
        ),
        "python_tags": attr.string_list_dict(
            mandatory = True,
            doc = "The Python tags to build it for, by platform.",
        ),
        "unserved": attr.string_list(
            doc = "Error messages for cells of the matrix that no payload serves.",
        ),
        "_without": WITHOUT_ATTR,
        "_allowlist_function_transition": attr.label(
            default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
        ),
    },
)

def wheel_variants(name, wheel, variants, unserved = [], **kwargs):
    """Builds a wheel for several platforms and Pythons.

    Platforms that `--//packaging:without` names are left out.

    Example:

    ```starlark
    wheel_variants(
        name = "wheels",
        variants = [
            variant(platform = "linux_x86_64", python_tag = "cp311"),
            variant(platform = "macos_arm64", python_tag = "cp312"),
        ],
        wheel = ":wheel",
    )
    ```

    Args:
      name: name of the target.
      wheel: label of a `wheel`.
      variants: what to build it for: a list of structs that `variant` returns.
      unserved: error messages for cells of the matrix that no payload serves; with any, the target
        fails with the first.
      **kwargs: attributes that all rules have, such as `tags` and `visibility`.
    """
    python_tags = {}
    for each in variants:
        python_tags.setdefault(each.platform, []).append(each.python_tag)
    _wheel_variants(
        name = name,
        wheel = wheel,
        python_tags = python_tags,
        unserved = unserved,
        **kwargs
    )
