"""The rule that makes a payload from pinned upstream wheels."""

load("@bazel_skylib//rules:common_settings.bzl", "BuildSettingInfo")
load("//packaging/private:payload.bzl", "base_name", "payload_target")
load("//packaging/private:providers.bzl", "NativePayloadInfo")
load("//packaging/private:tool.bzl", "run_tool", "tool_attr")

def _prebuilt_payload_impl(ctx):
    large = {path: base_name(path) + ".zip" for path in ctx.attr.large}
    names = large.values() + ["common.zip"] + [tag + ".zip" for tag in ctx.attr.abi_tags]
    parts = {name: ctx.actions.declare_file(ctx.label.name + "/" + name) for name in names}
    index = ctx.actions.declare_file(ctx.label.name + "/index.json")
    wheels = {}
    for target, python_tag in ctx.attr.wheels.items():
        files = target.files.to_list()
        if len(files) != 1:
            fail("%s holds %d wheels for %s, not one" % (target.label, len(files), python_tag))
        wheels[python_tag] = files[0]
    run_tool(
        ctx,
        tool = ctx.executable._ingest,
        mnemonic = "IngestWheels",
        progress_message = "Checking and cutting %s %s for %s" % (
            ctx.attr.project,
            ctx.attr.version,
            ctx.attr.platform,
        ),
        inputs = wheels.values(),
        outputs = parts.values() + [index],
        request = {
            "expected": {
                "project": ctx.attr.project,
                "version": ctx.attr.version,
            } | payload_target(ctx.attr.platform),
            "wheels": {tag: wheel.path for tag, wheel in wheels.items()},
            "large": large,
            "parts": {name: part.path for name, part in parts.items()},
            "index": index.path,
            "recompress": ctx.attr._recompress[BuildSettingInfo].value,
        },
    )
    return [
        DefaultInfo(files = depset(parts.values() + [index])),
        NativePayloadInfo(
            platform = ctx.attr.platform,
            parts = parts,
            index = index,
            abi_tags = ctx.attr.abi_tags,
        ),
    ]

def _payload_transition_impl(_settings, _attr):
    return {"//platforms:python_tag": "py3"}

_payload_transition = transition(
    implementation = _payload_transition_impl,
    inputs = [],
    outputs = ["//platforms:python_tag"],
)

prebuilt_payload = rule(
    implementation = _prebuilt_payload_impl,
    doc = "A payload from pinned upstream wheels of one platform, every byte of which is checked. " +
          "It serves all Python tags at once, so it is made once per platform.",
    cfg = _payload_transition,
    provides = [NativePayloadInfo],
    attrs = {
        "project": attr.string(mandatory = True, doc = "Upstream project."),
        "version": attr.string(mandatory = True, doc = "Its version, as pinned."),
        "platform": attr.string(mandatory = True, doc = "Name of the platform, or any."),
        "wheels": attr.label_keyed_string_dict(
            mandatory = True,
            doc = "The wheels, each with its Python tag.",
            allow_files = [".whl"],
        ),
        "abi_tags": attr.string_dict(mandatory = True, doc = "ABI tag by Python tag."),
        "large": attr.string_list(
            doc = "Paths of files that get a part of their own, and so are compressed for a " +
                  "dist by an action of their own.",
        ),
        "_recompress": attr.label(default = "//packaging:recompress"),
        "_ingest": tool_attr("//packaging/payload:ingest"),
        "_allowlist_function_transition": attr.label(
            default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
        ),
    },
)
