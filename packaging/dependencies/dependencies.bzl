"""What the built wheels require, to try them with: a repository of locked wheels for each Python.

A label is made for each platform of DEPENDENCY_PLATFORMS and each Python that the matrix gives it.
"""

load("//platforms:defs.bzl", "platform_named")
load("//platforms:matrix.bzl", "MATRIX")
load("//platforms:pythons.bzl", "python_tag")
load("//toolchains/wheels:defs.bzl", "locked_wheels", "wheels_hub")

# The platforms whose wheels can be installed and used here, on this machine or emulated.
DEPENDENCY_PLATFORMS = [
    "linux_x86_64",
    "linux_aarch64",
]

# Each platform gets locks for the same Pythons, in the same versions.
DEPENDENCY_PYTHONS = MATRIX[DEPENDENCY_PLATFORMS[0]]

def _name(platform, python):
    return "%s-%s" % (platform, python_tag(python))

def dependencies_label(platform, python):
    """Returns the label of the wheels that our wheels require.

    Args:
      platform: a platform of DEPENDENCY_PLATFORMS.
      python: "3.11" and so on.

    Returns:
      A label, as a string.
    """
    return "@dependencies//:" + _name(platform, python)

def lock_label(platform, python):
    """Returns the label of the lock of these wheels, PLATFORM-cpXY.txt.

    Args:
      platform: a platform of DEPENDENCY_PLATFORMS.
      python: "3.11" and so on.

    Returns:
      A label, as a string.
    """
    return "//packaging/dependencies:locks/%s.txt" % _name(platform, python)

def _dependencies_impl(module_ctx):
    wheels = {}
    for platform in DEPENDENCY_PLATFORMS:
        for python in DEPENDENCY_PYTHONS:
            name = _name(platform, python)
            wheels[name] = "dependencies_" + name.replace("-", "_")
            locked_wheels(
                name = wheels[name],
                lock = lock_label(platform, python),
                mend = "./bazelw run //packaging/dependencies:lock",
                label = name,
                python_version = python,
                abis = [python_tag(python), "abi3"],
                platform_tags = platform_named(platform).wheel_tags,
            )
    wheels_hub(
        name = "dependencies",
        wheels = wheels,
    )
    return module_ctx.extension_metadata(
        root_module_direct_deps = ["dependencies"],
        root_module_direct_dev_deps = [],
    )

dependencies = module_extension(
    implementation = _dependencies_impl,
    doc = "The wheels that numpy and the others come in, fetched when a target needs them.",
)
