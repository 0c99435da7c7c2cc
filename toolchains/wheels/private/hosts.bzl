"""The machines that a build can run on, as registries tag wheels for them: the data, once.

  name         the host's name, which its lock file begins with
  system,      what Bazel's repository rules call it
    machine
  os, cpu      values of @platforms//os and @platforms//cpu
  wheel_tags   platform tags of the wheels that hold programs for it
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
