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

def lock_name(platform, python):
    """Returns the name of the lock for a platform and a Python, without its suffix.

    Example:

    ```starlark
    lock_name("linux_x86_64", "3.11")  # "linux_x86_64-cp311"
    ```

    Args:
      platform: a platform of DEPENDENCY_PLATFORMS.
      python: a minor version, such as "3.11".

    Returns:
      string.
    """
    return "%s-%s" % (platform, python_tag(python))

def locked_requirements_of(name, package):
    """Makes the repositories of the wheels that the locks of a package pin.

    It is for module extensions.

    Example:

    ```starlark
    wheels_hub(
        name = "dependencies",
        wheels = locked_requirements_of("dependencies", "//products/iree/dependencies"),
    )
    ```

    Args:
      name: first part of the repositories' names.
      package: the Bazel package with locks/PLATFORM-cpXY.txt, and the program `lock` that writes
        them.

    Returns:
      A dict: the names of the repositories by those of the locks.
    """
    wheels = {}
    for platform in DEPENDENCY_PLATFORMS:
        for python in DEPENDENCY_PYTHONS:
            lock = lock_name(platform, python)
            wheels[lock] = "%s_%s" % (name, lock.replace("-", "_"))
            locked_wheels(
                name = wheels[lock],
                lock = "%s:locks/%s.txt" % (package, lock),
                fix = "./bazelw run %s:lock" % package,
                label = lock,
                python_version = python,
                abis = [python_tag(python), "abi3"],
                platform_tags = platform_named(platform).wheel_tags,
            )
    return wheels

_PACKAGE = "//products/iree/dependencies"

# What the wheels require on each platform and Python, as `equipment` takes it.
REQUIREMENTS = [
    struct(
        platform = platform,
        python = python,
        lock = "%s:locks/%s.txt" % (_PACKAGE, lock_name(platform, python)),
        wheels = "@dependencies//:" + lock_name(platform, python),
    )
    for platform in DEPENDENCY_PLATFORMS
    for python in DEPENDENCY_PYTHONS
]

def _dependencies_impl(module_ctx):
    wheels_hub(
        name = "dependencies",
        wheels = locked_requirements_of("dependencies", _PACKAGE),
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
