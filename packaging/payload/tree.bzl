"""Payload of ready-made install trees: what another builder's CI leaves."""

load("//packaging/private:tree_payload.bzl", "tree_payload")
load("//packaging/private:universal.bzl", "universal_payload")
load("//platforms:defs.bzl", "COMPILED_PLATFORMS")

def platform_name():
    """Returns the name of the platform that is being built for, as a configurable attribute."""
    return select(
        {"//platforms:is_" + platform.name: platform.name for platform in COMPILED_PLATFORMS},
        no_match_error = "A payload is built for one of our platforms: build wheel_variants of it, " +
                         "or add --platforms=//platforms:linux_x86_64 or another of them.",
    )

def install_tree_payload(name, tree, visibility = None, **kwargs):
    """Declares a payload from an install tree, for the platform that is being built for.

    For macos_universal2 it is put together from those for both processors.

    Args:
      name: name of the target.
      tree: a directory, an archive of one (tar or zip), or an alias that selects among several by
        //platforms:is_linux_x86_64 and the like. An archive by URL and digest is an http_file, a
        directory outside of the workspace a new_local_repository.
      visibility: of the payload.
      **kwargs: further attributes of tree_payload.
    """
    tree_payload(
        name = name + "_thin",
        platform = platform_name(),
        tree = tree,
        # For itself it has no platform, so //... must pass it over.
        tags = ["manual"],
        visibility = ["//visibility:private"],
        **kwargs
    )
    universal_payload(
        name = name + "_universal",
        payload = name + "_thin",
        tags = ["manual"],
        visibility = ["//visibility:private"],
    )
    native.alias(
        name = name,
        actual = select({
            "//platforms:is_macos_universal2": name + "_universal",
            "//conditions:default": name + "_thin",
        }),
        tags = ["manual"],
        visibility = visibility,
    )
