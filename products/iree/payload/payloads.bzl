"""The payloads of IREE: its native code, from pinned upstream wheels.

With them, one machine builds the wheels of every platform in minutes. The manifest lists, for each
file, the upstream version and revision that its native code comes from.
"""

load("//packaging:defs.bzl", "prebuilt_payload", "wheels_by_platform")
load("//platforms:defs.bzl", "platform_named")
load("//products/iree/payload/locks:locks.bzl", "LOCKED")
load(":prebuilt.bzl", "PROJECTS", "locked_abis", "repository")

# Files that are compressed to xz by an action each.
_LARGE = {
    "iree-base-compiler": {
        "linux": ["iree/compiler/_mlir_libs/libIREECompiler.so"],
        "macos": ["iree/compiler/_mlir_libs/libIREECompiler.dylib"],
        "windows": ["iree/compiler/_mlir_libs/IREECompiler.dll"],
    },
}

def locked_tags(project):
    """Returns which wheels of a project are pinned, as `wheels_by_platform` does.

    Example:

    ```starlark
    distribution(
        name = "iree-runtime",
        wheels = locked_tags("iree-base-runtime"),
        ...
    )
    ```

    Args:
      project: name of the upstream project.

    Returns:
      A struct.
    """
    tags = {platform: locked_abis(project, platform) for platform in LOCKED}
    return wheels_by_platform(
        {platform: abis for platform, abis in tags.items() if abis},
        fix = "pin one with `./bazelw run //products/iree/payload:update -- --version X`",
    )

# buildifier: disable=unnamed-macro
def prebuilt_payloads():
    """Declares a payload for each project and platform, and an alias for each project.

    The alias `:iree_base_runtime` is the payload for the platform that the build is for;
    `:iree_base_runtime_linux_x86_64` is the one for Linux.

    Example, in products/iree/payload/BUILD.bazel:

    ```starlark
    prebuilt_payloads()
    ```
    """
    for project in PROJECTS:
        stem = project.name.replace("-", "_")
        choices = {}
        for platform in LOCKED:
            abis = locked_abis(project.name, platform)
            if not abis:
                continue
            name = "%s_%s" % (stem, platform)
            system = "any" if platform == "any" else platform_named(platform).os
            prebuilt_payload(
                name = name,
                project = project.name,
                version = [
                    pins[project.name]
                    for pins in LOCKED[platform].values()
                    if project.name in pins
                ][0],
                platform = platform,
                wheels = {
                    "@prebuilt//:" + repository(project.name, platform, python_tag): python_tag
                    for python_tag in abis
                },
                abi_tags = abis,
                large = _LARGE.get(project.name, {}).get(system, []),
            )
            condition = "//conditions:default" if platform == "any" else "//platforms:is_" + platform
            choices[condition] = ":" + name
        native.alias(
            name = stem,
            actual = select(
                choices,
                no_match_error = ("%s needs a platform: build //packaging:all_wheels, or pass " +
                                  "--platforms=//platforms:linux_x86_64 or another one of " +
                                  "//platforms.") % project.name,
            ),
            tags = ["manual"],
            visibility = ["//visibility:public"],
        )
