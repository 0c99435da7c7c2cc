"""What all payload rules share."""

load("//packaging/private:providers.bzl", "NativePayloadInfo")
load("//packaging/private:version.bzl", "NO_OTHER_VERSION")
load("//platforms:defs.bzl", "platform_named")

PAYLOAD_ATTRS = {
    "abi_tags": attr.string_dict(mandatory = True, doc = "ABI tags by Python tag."),
    "large": attr.string_list(
        doc = "Paths of large files. Each gets its own part of the payload, so that dists " +
              "compress it by its own action.",
    ),
    "platform": attr.string(mandatory = True, doc = "Name of the platform, or \"any\"."),
    "project": attr.string(mandatory = True, doc = "Name of the project in the manifest."),
    "version": attr.string(mandatory = True, doc = "Version of the project."),
    "_allowlist_function_transition": attr.label(
        default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
    ),
}

_FOR_ALL_WHEELS = NO_OTHER_VERSION | {"//platforms:python_tag": "py3"}
_NOT_COMPILED = _FOR_ALL_WHEELS | {"//toolchains/zig:cxx": True}

def _for_all_pythons_impl(_settings, _attr):
    return _FOR_ALL_WHEELS

# A payload serves all Python tags and versions, so it is made once per platform.
for_all_pythons = transition(
    implementation = _for_all_pythons_impl,
    inputs = [],
    outputs = _FOR_ALL_WHEELS.keys(),
)

def _for_its_platform_impl(_settings, attr):
    # A payload for any platform is made for the platform that its actions run on.
    platform = "worker" if attr.platform == "any" else attr.platform
    return _NOT_COMPILED | {"//command_line_option:platforms": "//platforms:" + platform}

# The same for a payload that names its platform and whose files are not compiled here.
for_its_platform = transition(
    implementation = _for_its_platform_impl,
    inputs = [],
    outputs = _NOT_COMPILED.keys() + ["//command_line_option:platforms"],
)

def declare_payload(ctx):
    """Declares the files of a payload, for a rule with PAYLOAD_ATTRS.

    Args:
      ctx: the rule's context.

    Returns:
      A struct with the fields `outputs`, all Files; `request`, what the request of the tool that
      writes them says about them; and `providers`, what the rule returns.
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
    """Returns what the native files of a payload must be for, as a part of requests.

    Args:
      platform: name of the platform, or "any".

    Returns:
      A dict with the fields of Target (packaging/builder/payload/parts.py).
    """
    if platform == "any":
        return {"platform": "any", "system": "any", "cpu": "any"}
    target = platform_named(platform)
    return {"platform": platform, "system": target.os, "cpu": target.cpu}
