"""The platforms that are left out: `--//packaging:without=PLATFORM,PLATFORM`, or given again.

For a night on which the payload of one platform cannot be had. The plan stays as it is, so the
manifest and the gate see what is missing.
"""

load("@bazel_skylib//rules:common_settings.bzl", "BuildSettingInfo")
load("//platforms:matrix.bzl", "MATRIX")

def left_out_names(values):
    """Returns the platforms that are left out.

    Args:
      values: the values that the flag was given, each a name, or some with commas between them, or
        nothing, so that a program need not leave the flag out.

    Returns:
      A list of names, as they were written.
    """
    return [name for value in values for name in value.split(",") if name]

def _left_out_impl(ctx):
    names = left_out_names(ctx.attr._without[BuildSettingInfo].value)
    return [config_common.FeatureFlagInfo(value = str(ctx.attr.platform in names))]

# The attribute through which a rule sees the flag.
WITHOUT_ATTR = attr.label(default = "//packaging:without")

left_out_flag = rule(
    implementation = _left_out_impl,
    doc = "Says to a `config_setting` whether a platform is left out: True or False.",
    attrs = {
        "platform": attr.string(
            doc = "Its name.",
            mandatory = True,
        ),
        "_without": WITHOUT_ATTR,
    },
)

def declare_without(name):
    """Declares `:NAME_PLATFORM` for each platform: true when it is left out.

    Args:
      name: what the conditions' names begin with.
    """
    for platform in MATRIX:
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
    platforms = left_out_names(ctx.attr._without[BuildSettingInfo].value)
    for platform in platforms:
        if platform not in MATRIX:
            fail("--//packaging:without=%s: there is no such platform, but %s" % (
                platform,
                ", ".join(MATRIX),
            ))
    if all([platform in platforms for platform in MATRIX]):
        fail("--//packaging:without leaves out every platform; keep one")
    return platforms
