"""The machines that a build can run on, and their wheel tags.

  name         the host's name, the prefix of its lock file
  system,      its names in Bazel's repository rules
    machine
  os, cpu      values of @platforms//os and @platforms//cpu
  wheel_tags   platform tags of wheels with programs for it
"""

HOSTS = [
    struct(
        name = "linux_x86_64",
        system = "linux",
        machine = "amd64",
        os = "linux",
        cpu = "x86_64",
        wheel_tags = ["manylinux_2_12_x86_64", "manylinux_2_17_x86_64"],
    ),
    struct(
        name = "linux_aarch64",
        system = "linux",
        machine = "aarch64",
        os = "linux",
        cpu = "aarch64",
        wheel_tags = ["manylinux_2_17_aarch64"],
    ),
    struct(
        name = "macos_x86_64",
        system = "mac os x",
        machine = "x86_64",
        os = "macos",
        cpu = "x86_64",
        wheel_tags = ["macosx_13_0_x86_64"],
    ),
    struct(
        name = "macos_arm64",
        system = "mac os x",
        machine = "aarch64",
        os = "macos",
        cpu = "aarch64",
        wheel_tags = ["macosx_13_0_arm64"],
    ),
]
