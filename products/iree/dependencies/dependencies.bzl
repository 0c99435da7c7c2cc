"""The third-party wheels that the built wheels require, pinned for tests.

There is one repository of locked wheels for each platform of DEPENDENCY_PLATFORMS and each of its
Pythons in the matrix.
"""

load("//platforms:defs.bzl", "platform_named")
load("//platforms:matrix.bzl", "MATRIX")
load("//platforms:pythons.bzl", "python_tag")
load("//toolchains/wheels:defs.bzl", "locked_wheels", "wheels_hub")

# The platforms whose wheels tests install, on this machine or emulated.
DEPENDENCY_PLATFORMS = [
    "linux_x86_64",
    "linux_aarch64",
]

# Each platform has locks for the same Pythons, with the same versions.
DEPENDENCY_PYTHONS = MATRIX[DEPENDENCY_PLATFORMS[0]]

def _name(platform, python):
    return "%s-%s" % (platform, python_tag(python))

def dependencies_label(platform, python):
    """Returns the label of the third-party wheels that the built wheels require.

    Example:

    ```starlark
    dependencies_label("linux_x86_64", "3.11")  # "@dependencies//:linux_x86_64-cp311"
    ```

    Args:
      platform: a platform of DEPENDENCY_PLATFORMS.
      python: a minor version, such as "3.11".

    Returns:
      A label, as a string.
    """
    return "@dependencies//:" + _name(platform, python)

def lock_label(platform, python):
    """Returns the label of the lock file of these wheels, PLATFORM-cpXY.txt.

    Example:

    ```starlark
    lock_label("linux_x86_64", "3.11")  # "//products/iree/dependencies:locks/linux_x86_64-cp311.txt"
    ```

    Args:
      platform: a platform of DEPENDENCY_PLATFORMS.
      python: a minor version, such as "3.11".

    Returns:
      A label, as a string.
    """
    return "//products/iree/dependencies:locks/%s.txt" % _name(platform, python)

# What the wheels require on each platform and Python, as `equipment` takes it.
REQUIREMENTS = [
    struct(
        platform = platform,
        python = python,
        lock = lock_label(platform, python),
        wheels = dependencies_label(platform, python),
    )
    for platform in DEPENDENCY_PLATFORMS
    for python in DEPENDENCY_PYTHONS
]

def _dependencies_impl(module_ctx):
    wheels = {}
    for platform in DEPENDENCY_PLATFORMS:
        for python in DEPENDENCY_PYTHONS:
            name = _name(platform, python)
            wheels[name] = "dependencies_" + name.replace("-", "_")
            locked_wheels(
                name = wheels[name],
                lock = lock_label(platform, python),
                fix = "./bazelw run //products/iree/dependencies:lock",
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
    doc = """Makes a repository of third-party wheels for each platform and Python.

The repository `dependencies` has a label for each of them. Wheels are downloaded when a target
needs them.

Example, in MODULE.bazel:

```starlark
dependencies = use_extension("//products/iree/dependencies:dependencies.bzl", "dependencies")
use_repo(dependencies, "dependencies")
```
""",
)
