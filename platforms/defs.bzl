"""The platforms that can be built for.

To add a platform, add a struct here; to release packages for it, add a line to MATRIX (matrix.bzl).
The fields:

  name         name of the platform everywhere: //platforms:NAME, plan, manifest, release notes
  os, cpu      values of @platforms//os and @platforms//cpu
  libc         the C library and its oldest supported version, a value of //platforms:libc; None if
               the platform has only one
  minimum_os   the oldest supported system, a value of //platforms:minimum_os, or None
  wheel_tags   platform tags of wheels with native files (PEP 425)
  dist_suffix  last part of the names of dist archives
  required     True: a release without it is refused; False: the release notes mention that it is
               missing
  pythons      the Pythons that the policy (policy.py) gives it: "supported", all that are not
               end-of-life; "newest", the newest and, during its first year, the one before; "none",
               for a platform that native code can be built for but that is not released
  slices       names of the platforms whose native files are merged for this one; empty for a
               platform that compilers support
"""

PLATFORMS = [
    struct(
        name = "linux_x86_64",
        os = "linux",
        cpu = "x86_64",
        libc = "glibc_2.28",
        minimum_os = None,
        wheel_tags = ["manylinux_2_28_x86_64"],
        dist_suffix = "linux-x86_64",
        required = True,
        pythons = "supported",
        slices = [],
    ),
    struct(
        name = "linux_aarch64",
        os = "linux",
        cpu = "aarch64",
        libc = "glibc_2.28",
        minimum_os = None,
        wheel_tags = ["manylinux_2_28_aarch64"],
        dist_suffix = "linux-aarch64",
        required = True,
        pythons = "supported",
        slices = [],
    ),
    struct(
        name = "windows_x86_64",
        os = "windows",
        cpu = "x86_64",
        libc = None,
        minimum_os = None,
        wheel_tags = ["win_amd64"],
        dist_suffix = "windows-x86_64",
        required = False,
        pythons = "newest",
        slices = [],
    ),
    struct(
        name = "macos_arm64",
        os = "macos",
        cpu = "aarch64",
        libc = None,
        minimum_os = "macos_13.0",
        wheel_tags = ["macosx_13_0_arm64"],
        dist_suffix = "macos-arm64",
        required = False,
        pythons = "newest",
        slices = [],
    ),
    struct(
        name = "macos_x86_64",
        os = "macos",
        cpu = "x86_64",
        libc = None,
        minimum_os = "macos_13.0",
        wheel_tags = ["macosx_13_0_x86_64"],
        dist_suffix = "macos-x86_64",
        required = False,
        pythons = "none",
        slices = [],
    ),
    struct(
        name = "macos_universal2",
        os = "macos",
        cpu = "universal2",
        libc = None,
        minimum_os = "macos_13.0",
        wheel_tags = ["macosx_13_0_universal2"],
        dist_suffix = "macos-universal2",
        required = False,
        pythons = "none",
        slices = ["macos_arm64", "macos_x86_64"],
    ),
]

def platform_named(name):
    """Returns the platform of a name, and fails if there is none.

    Example:

    ```starlark
    platform_named("linux_x86_64").wheel_tags  # ["manylinux_2_28_x86_64"]
    ```

    Args:
      name: name of a platform, such as "linux_x86_64".

    Returns:
      A struct of PLATFORMS.
    """
    for platform in PLATFORMS:
        if platform.name == name:
            return platform
    fail("No platform is named \"%s\"; platforms/defs.bzl has %s." % (
        name,
        ", ".join([platform.name for platform in PLATFORMS]),
    ))

# The platforms that compilers support.
COMPILED_PLATFORMS = [platform for platform in PLATFORMS if not platform.slices]

def constraints_of(platform):
    """Returns the labels of the constraint values of a platform.

    Example:

    ```starlark
    constraints_of(platform_named("linux_x86_64"))[0]  # "@platforms//os:linux"
    ```

    Args:
      platform: a struct of PLATFORMS.

    Returns:
      A list of labels, as strings.
    """
    return [
        "@platforms//os:" + platform.os,
        # @platforms has no value for several processors at once.
        ("//platforms:" if platform.slices else "@platforms//cpu:") + platform.cpu,
    ] + [
        "//platforms:" + value
        for value in [platform.libc, platform.minimum_os]
        if value
    ]
