"""The rules that merge native files for several processors into universal ones."""

load("//packaging/private:providers.bzl", "NativePayloadInfo")
load("//packaging/private:tool.bzl", "run_tool", "tool_attr")
load("//platforms:defs.bzl", "platform_named")

def _slices_impl(_settings, attr):
    return {
        name: {"//command_line_option:platforms": "//platforms:" + name}
        for name in platform_named(attr.platform).slices
    }

_slices = transition(
    implementation = _slices_impl,
    inputs = [],
    outputs = ["//command_line_option:platforms"],
)

_ALLOWED = {
    "_allowlist_function_transition": attr.label(
        default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
    ),
}

def _universal_payload_impl(ctx):
    names = platform_named(ctx.attr.platform).slices
    slices = [ctx.split_attr.payload[name][NativePayloadInfo] for name in names]
    first = slices[0]
    parts = {name: ctx.actions.declare_file(ctx.label.name + "/" + name) for name in first.parts}
    index = ctx.actions.declare_file(ctx.label.name + "/index.json")
    run_tool(
        ctx,
        tool = ctx.executable._merge,
        mnemonic = "MergePayloads",
        progress_message = "Merging %s for %s" % (" and ".join(names), ctx.attr.platform),
        inputs = [file for part in slices for file in part.parts.values() + [part.index]],
        outputs = parts.values() + [index],
        request = {
            "platform": ctx.attr.platform,
            "slices": [
                {
                    "index": part.index.path,
                    "parts": {name: file.path for name, file in part.parts.items()},
                }
                for part in slices
            ],
            "parts": {name: file.path for name, file in parts.items()},
            "index": index.path,
        },
    )
    return [
        DefaultInfo(files = depset(parts.values() + [index])),
        NativePayloadInfo(
            platform = ctx.attr.platform,
            parts = parts,
            index = index,
            abi_tags = first.abi_tags,
        ),
    ]

universal_payload = rule(
    implementation = _universal_payload_impl,
    doc = """Merges the payloads of a platform's slices into a payload of universal files.

Every native file must be in all of them.

`install_tree_payload` and `cmake_payload` do this for macos_universal2.

Example:

```starlark
universal_payload(
    name = "payload_universal",
    payload = ":payload",
    tags = ["manual"],
)
```
""",
    provides = [NativePayloadInfo],
    attrs = {
        "payload": attr.label(
            mandatory = True,
            cfg = _slices,
            providers = [NativePayloadInfo],
            doc = "The payload, which is built for each slice.",
        ),
        "platform": attr.string(
            default = "macos_universal2",
            doc = "Name of a platform with slices.",
        ),
        "_merge": tool_attr("//packaging/builder/payload:universal"),
    } | _ALLOWED,
)

def _universal_program_impl(ctx):
    names = platform_named(ctx.attr.platform).slices
    files = [ctx.split_attr.program[name][DefaultInfo].files_to_run.executable for name in names]
    program = ctx.actions.declare_file(ctx.label.name)
    run_tool(
        ctx,
        tool = ctx.executable._write,
        mnemonic = "UniversalProgram",
        progress_message = "Writing the universal %s" % files[0].basename,
        inputs = files,
        outputs = [program],
        request = {"files": [file.path for file in files], "output": program.path},
    )
    return [DefaultInfo(executable = program, files = depset([program]))]

universal_program = rule(
    implementation = _universal_program_impl,
    doc = """Merges a program for the slices of a platform into a universal one.

`launcher` does this for macos_universal2.

Example:

```starlark
universal_program(
    name = "tool_universal",
    program = ":tool",
    tags = ["manual"],
)
```
""",
    executable = True,
    attrs = {
        "platform": attr.string(
            default = "macos_universal2",
            doc = "Name of a platform with slices.",
        ),
        "program": attr.label(
            mandatory = True,
            cfg = _slices,
            # Not declared executable, which Bazel 7 does not support with a split transition.
            doc = "The program, which is built for each slice.",
        ),
        "_write": tool_attr("//packaging/builder/assembly:fat"),
    } | _ALLOWED,
)
