"""The pinned wheel of iree-turbine, and the third-party wheels that it requires, for tests.

`//release:turbine` downloads the same wheels from the same lock files when it runs.
"""

load(
    "//products/iree/dependencies:dependencies.bzl",
    "DEPENDENCY_PYTHONS",
    "lock_name",
    "locked_requirements_of",
)
load("//toolchains/wheels:defs.bzl", "locked_wheels", "wheels_hub")

def turbine_requirements(platform, python):
    """Returns the label of the wheels that iree-turbine requires.

    Example:

    ```starlark
    turbine_requirements("linux_x86_64", "3.11")  # "@turbine//:linux_x86_64-cp311"
    ```

    Args:
      platform: a platform of DEPENDENCY_PLATFORMS.
      python: a minor version, such as "3.11".

    Returns:
      A label, as a string.
    """
    return "@turbine//:" + lock_name(platform, python)

def _turbine_impl(module_ctx):
    locked_wheels(
        name = "turbine_source",
        lock = "//products/iree/turbine:source.txt",
        fix = "an editor",
        label = "any platform",
        python_version = DEPENDENCY_PYTHONS[0],
    )
    wheels_hub(
        name = "turbine",
        wheels = {"source": "turbine_source"} |
                 locked_requirements_of("turbine", "//products/iree/turbine"),
    )
    return module_ctx.extension_metadata(
        root_module_direct_deps = ["turbine"],
        root_module_direct_dev_deps = [],
    )

turbine = module_extension(
    implementation = _turbine_impl,
    doc = """Makes repositories of iree-turbine's wheel and of its requirements.

The repository `turbine` has a label for each of them. Wheels are downloaded when a target needs
them.

Example, in MODULE.bazel:

```starlark
turbine = use_extension("//products/iree/turbine:turbine.bzl", "turbine")
use_repo(turbine, "turbine")
```
""",
)
