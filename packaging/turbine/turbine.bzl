"""Turbine's wheel, and what it requires, as repositories of locked wheels, for tests.

The release verb `turbine` fetches the same by the same locks when it is run.
"""

load("//packaging/dependencies:dependencies.bzl", "DEPENDENCY_PLATFORMS", "DEPENDENCY_PYTHONS")
load("//platforms:defs.bzl", "platform_named")
load("//platforms:pythons.bzl", "python_tag")
load("//toolchains/wheels:defs.bzl", "locked_wheels", "wheels_hub")

_MEND = "./bazelw run //packaging/turbine:lock"

def _name(platform, python):
    return "%s-%s" % (platform, python_tag(python))

def turbine_requirements(platform, python):
    """Returns the label of the wheels that turbine requires.

    Args:
      platform: a platform of DEPENDENCY_PLATFORMS.
      python: "3.11" and so on.

    Returns:
      A label, as a string.
    """
    return "@turbine//:" + _name(platform, python)

def _turbine_impl(module_ctx):
    wheels = {"source": "turbine_source"}
    locked_wheels(
        name = "turbine_source",
        lock = "//packaging/turbine:source.txt",
        mend = "an editor",
        label = "any platform",
        python_version = DEPENDENCY_PYTHONS[0],
    )
    for platform in DEPENDENCY_PLATFORMS:
        for python in DEPENDENCY_PYTHONS:
            name = _name(platform, python)
            wheels[name] = "turbine_" + name.replace("-", "_")
            locked_wheels(
                name = wheels[name],
                lock = "//packaging/turbine:locks/%s.txt" % name,
                mend = _MEND,
                label = name,
                python_version = python,
                abis = [python_tag(python), "abi3"],
                platform_tags = platform_named(platform).wheel_tags,
            )
    wheels_hub(
        name = "turbine",
        wheels = wheels,
    )
    return module_ctx.extension_metadata(
        root_module_direct_deps = ["turbine"],
        root_module_direct_dev_deps = [],
    )

turbine = module_extension(
    implementation = _turbine_impl,
    doc = "The wheel of iree-turbine, and those that it requires, fetched when a target needs them.",
)
