"""The pinned upstream wheels that IREE's native code comes from: projects, locks, repositories."""

load("//platforms:defs.bzl", "platform_named")
load("//platforms:matrix.bzl", "MATRIX")
load("//products/iree/payload/locks:locks.bzl", "LOCKED")
load("//toolchains/wheels:defs.bzl", "locked_wheels", "wheels_hub")

# The upstream projects whose wheels are pinned. `update --version X` pins version X of those in
# lockstep, and the newest version of the others.
PROJECTS = [
    struct(name = "iree-base-compiler", lockstep = True),
    struct(name = "iree-base-runtime", lockstep = True),
    struct(name = "iree-tools-tf", lockstep = False),
    struct(name = "iree-tools-tflite", lockstep = False),
]

def locked_abis(project, platform):
    """Returns which wheels of a project the lock files pin for a platform.

    Args:
      project: name of the upstream project.
      platform: name of the platform, or "any".

    Returns:
      A dict of ABI tags by Python tag.
    """
    abis = {}
    for tags, pins in LOCKED.get(platform, {}).items():
        if project in pins:
            python_tag, _, abi_tag = tags.partition("-")
            abis[python_tag] = abi_tag
    return abis

def repository(project, platform, python_tag):
    """Returns the name of the repository with a pinned wheel.

    Args:
      project: name of the upstream project.
      platform: name of the platform, or "any".
      python_tag: py3, cp311, …

    Returns:
      string.
    """
    return "%s_%s_%s" % (project.replace("-", "_"), platform, python_tag)

def _pinned():
    """Returns every pinned wheel: structs of project, platform, tags and repository."""
    return [
        struct(
            project = project,
            version = version,
            platform = platform,
            tags = tags,
            python_tag = tags.partition("-")[0],
            abi_tag = tags.partition("-")[2],
            repository = repository(project, platform, tags.partition("-")[0]),
        )
        for platform, locks in LOCKED.items()
        for tags, pins in locks.items()
        for project, version in pins.items()
    ]

def _python_version(python_tag):
    """Returns a Python that a wheel with this tag serves."""
    if python_tag == "py3":
        return MATRIX.values()[0][-1]
    return "3." + python_tag[len("cp3"):]

def _payload_impl(module_ctx):
    for wheel in _pinned():
        native_tags = [] if wheel.platform == "any" else platform_named(wheel.platform).wheel_tags
        locked_wheels(
            name = wheel.repository,
            lock = "//products/iree/payload/locks:%s-%s.txt" % (wheel.platform, wheel.tags),
            projects = [wheel.project],
            fix = "./bazelw run //products/iree/payload:update -- --version X",
            label = "%s, %s" % (wheel.platform, wheel.tags),
            python_version = _python_version(wheel.python_tag),
            abis = [wheel.abi_tag],
            platform_tags = native_tags,
        )
    wheels_hub(
        name = "prebuilt",
        wheels = {wheel.repository: wheel.repository for wheel in _pinned()},
    )
    return module_ctx.extension_metadata(
        root_module_direct_deps = ["prebuilt"],
        root_module_direct_dev_deps = [],
    )

prebuilt = module_extension(
    implementation = _payload_impl,
    doc = """Makes a repository for each pinned upstream wheel.

The repository `prebuilt` has a label for each of them. Wheels are downloaded when a target needs
them.

Example, in MODULE.bazel:

```starlark
prebuilt = use_extension("//products/iree/payload:prebuilt.bzl", "prebuilt")
use_repo(prebuilt, "prebuilt")
```
""",
)
