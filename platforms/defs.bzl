"""The platforms that can be built for: the data, once, and what is derived from it.

Another platform is one struct here; that the release has packages for it, one line in MATRIX
(matrix.bzl). The fields:

  name         the platform's name everywhere: //platforms:NAME, plan, manifest, release notes
  os, cpu      values of @platforms//os and @platforms//cpu
  libc         the C library and the oldest version that must serve, a value of //platforms:libc;
               None where a platform has no choice
  minimum_os   the oldest system that must serve, a value of //platforms:minimum_os, or None
  wheel_tags   platform tags of a wheel with native files, as in PEP 425
  dist_suffix  ends the names of dist archives
  required     True: a release without it is refused; False: it is tolerated, and said
  pythons      what the policy (policy.py) gives it: "supported", every Python that is not
               end-of-life; "newest", the newest, and the one before during the newest's first year;
               "none", for a platform that native code is built for, and no release
  slices       names of the platforms whose native files are put together into one for this; none
               for a platform that a compiler knows
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
    """Returns the struct of a platform; fails with one sentence when there is none of that name.

    Args:
      name: a platform's name, such as "linux_x86_64".

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

# The platforms that a compiler knows.
COMPILED_PLATFORMS = [platform for platform in PLATFORMS if not platform.slices]

def constraints_of(platform):
    """Returns the labels of the constraint values that make up a platform.

    Args:
      platform: a struct of PLATFORMS.

    Returns:
      A list of labels, as strings.
    """
    return [
        "@platforms//os:" + platform.os,
        # One that no processor has is of our own.
        ("//platforms:" if platform.slices else "@platforms//cpu:") + platform.cpu,
    ] + [
        "//platforms:" + value
        for value in [platform.libc, platform.minimum_os]
        if value
    ]
