"""The rule that makes a payload from pinned upstream wheels."""

load("@bazel_skylib//rules:common_settings.bzl", "BuildSettingInfo")
load("//packaging/private:payload.bzl", "PAYLOAD_ATTRS", "declare_payload", "for_its_platform", "payload_target")
load("//packaging/private:providers.bzl", "NativePayloadInfo")
load("//packaging/private:tool.bzl", "run_tool", "tool_attr")

def _prebuilt_payload_impl(ctx):
    payload = declare_payload(ctx)
    wheels = {}
    for target, python_tag in ctx.attr.wheels.items():
        files = target.files.to_list()
        if len(files) != 1:
            fail("%s has %d wheels for %s instead of one" % (target.label, len(files), python_tag))
        wheels[python_tag] = files[0]
    run_tool(
        ctx,
        tool = ctx.executable._ingest,
        mnemonic = "IngestWheels",
        progress_message = "Checking and splitting %s %s for %s" % (
            ctx.attr.project,
            ctx.attr.version,
            ctx.attr.platform,
        ),
        inputs = wheels.values(),
        outputs = payload.outputs,
        request = {
            "expected": {
                "project": ctx.attr.project,
                "version": ctx.attr.version,
            } | payload_target(ctx.attr.platform),
            "wheels": {tag: wheel.path for tag, wheel in wheels.items()},
            "recompress": ctx.attr._recompress[BuildSettingInfo].value,
        } | payload.request,
    )
    return payload.providers

prebuilt_payload = rule(
    implementation = _prebuilt_payload_impl,
    doc = """Makes a payload from pinned upstream wheels for one platform.

The contents of the wheels are checked against their RECORD files. The payload serves all Python
tags, so it is made once per platform.

Example:

```starlark
prebuilt_payload(
    name = "abacus_macos_arm64",
    abi_tags = {"cp312": "abi3"},
    platform = "macos_arm64",
    project = "abacus",
    version = "3.13.0",
    wheels = {"@prebuilt//:abacus_macos_arm64_cp312": "cp312"},
)
```
""",
    cfg = for_its_platform,
    provides = [NativePayloadInfo],
    attrs = {
        "wheels": attr.label_keyed_string_dict(
            mandatory = True,
            doc = "The wheels, with their Python tags.",
            allow_files = [".whl"],
        ),
        "_recompress": attr.label(default = "//packaging:recompress"),
        "_ingest": tool_attr("//packaging/builder/payload:ingest"),
    } | PAYLOAD_ATTRS,
)
