"""The platforms that the build leaves out: `--//packaging:without=PLATFORM,PLATFORM`, repeatable.

It is for nightlies while the payload of a platform is unavailable. The plan does not change, so the
manifest and the gate show what is missing.
"""

load("@bazel_skylib//rules:common_settings.bzl", "BuildSettingInfo")
load("//platforms:defs.bzl", "PLATFORMS")
load("//platforms:matrix.bzl", "MATRIX")

def left_out_names(values):
    """Returns the platforms that the flag leaves out.

    Args:
      values: the values of the flag. Each is a list of names separated by commas; it may be empty,
        so that scripts can always pass the flag.

    Returns:
      A list of names, as written.
    """
    return [name for value in values for name in value.split(",") if name]

def _left_out_impl(ctx):
    names = left_out_names(ctx.attr._without[BuildSettingInfo].value)
    return [config_common.FeatureFlagInfo(value = str(ctx.attr.platform in names))]

# The attribute by which a rule reads the flag.
WITHOUT_ATTR = attr.label(default = "//packaging:without")

left_out_flag = rule(
    implementation = _left_out_impl,
    doc = "Whether a platform is left out, for a `config_setting`: True or False.",
    attrs = {
        "platform": attr.string(
            doc = "Name of the platform.",
            mandatory = True,
        ),
        "_without": WITHOUT_ATTR,
    },
)

def declare_without(name):
    """Declares the config_setting `:NAME_PLATFORM` for each platform: true if it is left out.

    Example:

    ```starlark
    declare_without(name = "left_out")
    ```

    Args:
      name: first part of the names.
    """
    for platform in [each.name for each in PLATFORMS]:
        flag = "%s_%s_flag" % (name, platform)
        left_out_flag(
            name = flag,
            platform = platform,
        )
        native.config_setting(
            name = "%s_%s" % (name, platform),
            flag_values = {":" + flag: "True"},
        )

def all_unless_without(labels):
    """Returns the labels of all platforms that `--//packaging:without` does not leave out.

    Example:

    ```starlark
    all_unless_without({platform: [":" + platform] for platform in MATRIX})
    ```

    Args:
      labels: lists of labels by platform.

    Returns:
      A list with a select() for each platform.
    """
    kept = []
    for platform, own in labels.items():
        kept = kept + select({
            "//packaging:left_out_" + platform: [],
            "//conditions:default": own,
        })
    return kept

def left_out(ctx):
    """Returns the platforms that are left out, and fails if a name is unknown.

    Args:
      ctx: context of a rule whose attribute `_without` is WITHOUT_ATTR.

    Returns:
      A list of names.
    """
    platforms = left_out_names(ctx.attr._without[BuildSettingInfo].value)
    names = [each.name for each in PLATFORMS]
    for platform in platforms:
        if platform not in names:
            fail("--//packaging:without=%s: unknown platform; expected one of %s" % (
                platform,
                ", ".join(names),
            ))
    if all([platform in platforms for platform in MATRIX]):
        fail("--//packaging:without leaves out every platform; keep at least one")
    return platforms
