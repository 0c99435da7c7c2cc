"""Payloads from existing install trees, such as the output of another project's CI."""

load("//packaging/private:tree_payload.bzl", "tree_payload")
load("//packaging/private:universal.bzl", "universal_payload")
load("//platforms:defs.bzl", "COMPILED_PLATFORMS")

def platform_name():
    """Returns the name of the platform that the build is for, as a configurable attribute.

    Example:

    ```starlark
    cmake_install(
        name = "tree",
        platform = platform_name(),
        source = glob(["source/**"]),
    )
    ```

    Returns:
      A select().
    """
    return select(
        {"//platforms:is_" + platform.name: platform.name for platform in COMPILED_PLATFORMS},
        no_match_error = "A payload needs a platform: build its wheel_variants, or pass " +
                         "--platforms=//platforms:linux_x86_64 or another one of //platforms.",
    )

def install_tree_payload(
        name,
        tree,
        abi_tags,
        metadata,
        project,
        version,
        root = "",
        entry_points = None,
        large = [],
        pure = False,
        revision = "",
        visibility = None):
    """Declares a payload from an install tree, for the platform that the build is for.

    For macos_universal2, it merges the payloads for both processors.

    Example:

    ```starlark
    install_tree_payload(
        name = "payload",
        abi_tags = {"cp312": "abi3"},
        metadata = "METADATA",
        project = "abacus",
        root = "python",
        tree = "@builds//:linux_x86_64",
        version = "1.0",
    )
    ```

    Args:
      name: name of the target.
      tree: a directory, an archive of one (tar or ZIP), or an alias that selects one by
        //platforms:is_linux_x86_64 and the like. An http_file provides an archive by URL and
        digest, a new_local_repository a directory outside the workspace.
      abi_tags: ABI tags by Python tag.
      metadata: the package's METADATA (core metadata).
      project: name of the project in the manifest.
      version: version of the project.
      root: the directory of the tree that contains what goes into site-packages.
      entry_points: entry_points.txt of the package.
      large: paths of files that dists compress by an action each.
      pure: whether the tree has no native files, so that one wheel serves all platforms; `abi_tags`
        is then {"py3": "none"}.
      revision: the commit that the tree was built from, if known.
      visibility: visibility of the payload.
    """
    if pure:
        tree_payload(
            name = name,
            abi_tags = abi_tags,
            entry_points = entry_points,
            large = large,
            metadata = metadata,
            platform = "any",
            project = project,
            revision = revision,
            root = root,
            tree = tree,
            version = version,
            visibility = visibility,
        )
        return
    tree_payload(
        name = name + "_thin",
        abi_tags = abi_tags,
        entry_points = entry_points,
        large = large,
        metadata = metadata,
        platform = platform_name(),
        project = project,
        revision = revision,
        root = root,
        # Without a platform it cannot be built, so wildcards such as //... must skip it.
        tags = ["manual"],
        tree = tree,
        version = version,
        visibility = ["//visibility:private"],
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
