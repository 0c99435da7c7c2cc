"""The rules that put native files of several platforms together into one for all of them."""

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
        progress_message = "Putting %s together for %s" % (" and ".join(names), ctx.attr.platform),
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
    doc = "A payload of universal files, from the payloads of the platforms that are its slices. " +
          "Refused unless every native file is in all of them.",
    provides = [NativePayloadInfo],
    attrs = {
        "payload": attr.label(
            mandatory = True,
            cfg = _slices,
            providers = [NativePayloadInfo],
            doc = "The payload, built for each of the slices.",
        ),
        "platform": attr.string(
            default = "macos_universal2",
            doc = "Name of a platform that has slices.",
        ),
        "_merge": tool_attr("//packaging/payload:universal"),
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
        progress_message = "Making %s universal" % files[0].basename,
        inputs = files,
        outputs = [program],
        request = {"files": [file.path for file in files], "output": program.path},
    )
    return [DefaultInfo(executable = program, files = depset([program]))]

universal_program = rule(
    implementation = _universal_program_impl,
    doc = "A program for all processors of a platform that has slices.",
    executable = True,
    attrs = {
        "platform": attr.string(
            default = "macos_universal2",
            doc = "Name of a platform that has slices.",
        ),
        "program": attr.label(
            mandatory = True,
            cfg = _slices,
            # Not declared executable: Bazel 7 cannot take that under a split transition.
            doc = "The program, built for each of the slices.",
        ),
        "_write": tool_attr("//packaging/assembly:fat"),
    } | _ALLOWED,
)
