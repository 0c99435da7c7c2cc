"""The platforms that are left out: `--//packaging:without=PLATFORM`, given again for each.

For a night on which the payload of one platform cannot be had. The plan stays as it is, so the
manifest and the gate see what is missing.
"""

load("@bazel_skylib//rules:common_settings.bzl", "BuildSettingInfo")
load("//platforms:matrix.bzl", "MATRIX")

def declare_without(name):
    """Declares `:NAME_PLATFORM` for each platform: true when it is left out.

    Args:
      name: what the conditions' names begin with.
    """
    for platform in MATRIX:
        native.config_setting(
            name = "%s_%s" % (name, platform),
            flag_values = {"//packaging:without": platform},
        )

def all_unless_without(labels):
    """Returns the labels of all platforms that are not left out.

    Args:
      labels: lists of labels by name of platform.

    Returns:
      A list that is only known when the flags are.
    """
    kept = []
    for platform, own in labels.items():
        kept = kept + select({
            "//packaging:left_out_" + platform: [],
            "//conditions:default": own,
        })
    return kept

def left_out(ctx):
    """Returns the platforms that are left out; fails with one sentence on a wrong name.

    Args:
      ctx: context of a rule with the attribute WITHOUT_ATTR as `_without`.

    Returns:
      A list of names.
    """
    platforms = ctx.attr._without[BuildSettingInfo].value
    for platform in platforms:
        if platform not in MATRIX:
            fail("--//packaging:without=%s: there is no such platform, but %s" % (
                platform,
                ", ".join(MATRIX),
            ))
    if all([platform in platforms for platform in MATRIX]):
        fail("--//packaging:without leaves out every platform; keep one")
    return platforms

# The attribute through which a rule sees them.
WITHOUT_ATTR = attr.label(default = "//packaging:without")
