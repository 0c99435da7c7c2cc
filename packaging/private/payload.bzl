"""What the rules that make payloads share."""

load("//packaging/private:providers.bzl", "NativePayloadInfo")
load("//packaging/private:version.bzl", "NO_OTHER_VERSION")
load("//platforms:defs.bzl", "platform_named")

PAYLOAD_ATTRS = {
    "abi_tags": attr.string_dict(mandatory = True, doc = "ABI tag by Python tag."),
    "large": attr.string_list(
        doc = "Paths of files that get a part of their own, and so are compressed for a " +
              "dist by an action of their own.",
    ),
    "platform": attr.string(mandatory = True, doc = "Name of the platform, or any."),
    "project": attr.string(mandatory = True, doc = "What the manifest calls the project."),
    "version": attr.string(mandatory = True, doc = "The project's version."),
    "_allowlist_function_transition": attr.label(
        default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
    ),
}

_OF_EVERY_WHEEL = NO_OTHER_VERSION | {"//platforms:python_tag": "py3"}
_COMPILED_ELSEWHERE = _OF_EVERY_WHEEL | {"//toolchains/zig:cxx": True}

def _for_all_pythons_impl(_settings, _attr):
    return _OF_EVERY_WHEEL

# A payload serves all Python tags at once and every version, so it is made once per platform.
for_all_pythons = transition(
    implementation = _for_all_pythons_impl,
    inputs = [],
    outputs = _OF_EVERY_WHEEL.keys(),
)

def _for_its_platform_impl(_settings, attr):
    # Files for any platform are made for the one that makes them.
    platform = "worker" if attr.platform == "any" else attr.platform
    return _COMPILED_ELSEWHERE | {"//command_line_option:platforms": "//platforms:" + platform}

# The same of a payload that names its platform, and whose files are not compiled here.
for_its_platform = transition(
    implementation = _for_its_platform_impl,
    inputs = [],
    outputs = _COMPILED_ELSEWHERE.keys() + ["//command_line_option:platforms"],
)

def declare_payload(ctx):
    """Declares the files of a payload, for a rule with PAYLOAD_ATTRS.

    Args:
      ctx: the rule's context.

    Returns:
      A struct: `outputs`, all Files; `request`, what the tool that writes them is told of them;
      `providers`, what the rule returns.
    """
    large = {path: path.rpartition("/")[2] + ".zip" for path in ctx.attr.large}
    names = large.values() + ["common.zip"] + [tag + ".zip" for tag in ctx.attr.abi_tags]
    parts = {name: ctx.actions.declare_file(ctx.label.name + "/" + name) for name in names}
    index = ctx.actions.declare_file(ctx.label.name + "/index.json")
    outputs = parts.values() + [index]
    return struct(
        outputs = outputs,
        request = {
            "large": large,
            "parts": {name: part.path for name, part in parts.items()},
            "index": index.path,
        },
        providers = [
            DefaultInfo(files = depset(outputs)),
            NativePayloadInfo(
                platform = ctx.attr.platform,
                parts = parts,
                index = index,
                abi_tags = ctx.attr.abi_tags,
            ),
        ],
    )

def payload_target(platform):
    """Returns what native files of a payload must be for, as the tools are told it.

    Args:
      platform: a platform's name, or any.

    Returns:
      A dict with the fields of Target (packaging/payload/parts.py).
    """
    if platform == "any":
        return {"platform": "any", "system": "any", "cpu": "any"}
    struct = platform_named(platform)
    return {"platform": platform, "system": struct.os, "cpu": struct.cpu}
