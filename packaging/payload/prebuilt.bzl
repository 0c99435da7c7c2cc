"""Payloads from pinned upstream wheels: the default.

With them, one machine builds the wheels of every platform in minutes. The manifest lists, for each
file, the upstream version and revision that its native code comes from.
"""

load("//packaging:packages.bzl", "PACKAGES")
load("//packaging/payload/locks:locks.bzl", "LOCKED")
load("//packaging/private:cells.bzl", "locked_abis")
load("//packaging/private:prebuilt_payload.bzl", "prebuilt_payload")
load("//platforms:defs.bzl", "platform_named")
load("//platforms:matrix.bzl", "MATRIX")
load("//toolchains/wheels:defs.bzl", "locked_wheels", "wheels_hub")

# Files that are compressed to xz by an action each.
_LARGE = {
    "iree-base-compiler": {
        "linux": ["iree/compiler/_mlir_libs/libIREECompiler.so"],
        "macos": ["iree/compiler/_mlir_libs/libIREECompiler.dylib"],
        "windows": ["iree/compiler/_mlir_libs/IREECompiler.dll"],
    },
}

def _repository(project, platform, python_tag):
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
            repository = _repository(project, platform, tags.partition("-")[0]),
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
            lock = "//packaging/payload/locks:%s-%s.txt" % (wheel.platform, wheel.tags),
            projects = [wheel.project],
            fix = "./bazelw run //packaging/payload:update -- --version X",
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
prebuilt = use_extension("//packaging/payload:prebuilt.bzl", "prebuilt")
use_repo(prebuilt, "prebuilt")
```
""",
)

# buildifier: disable=unnamed-macro
def prebuilt_payloads():
    """Declares a payload for each package and platform, and an alias for each package.

    The alias `//packaging/payload:iree_compiler` is the payload of iree-compiler for the platform
    that the build is for; `//packaging/payload:iree_compiler_linux_x86_64` is the one for Linux.

    Example, in packaging/payload/BUILD.bazel:

    ```starlark
    prebuilt_payloads()
    ```
    """
    for package in PACKAGES:
        choices = {}
        for platform in LOCKED:
            abis = locked_abis(package.project, platform)
            if not abis:
                continue
            name = "%s_%s" % (package.directory, platform)
            system = "any" if platform == "any" else platform_named(platform).os
            prebuilt_payload(
                name = name,
                project = package.project,
                version = [
                    pins[package.project]
                    for pins in LOCKED[platform].values()
                    if package.project in pins
                ][0],
                platform = platform,
                wheels = {
                    "@prebuilt//:" + _repository(package.project, platform, python_tag): python_tag
                    for python_tag in abis
                },
                abi_tags = abis,
                large = _LARGE.get(package.project, {}).get(system, []),
            )
            condition = "//conditions:default" if platform == "any" else "//platforms:is_" + platform
            choices[condition] = ":" + name
        native.alias(
            name = package.directory,
            actual = select(
                choices,
                no_match_error = ("%s needs a platform: build //packaging:all_wheels, or pass " +
                                  "--platforms=//platforms:linux_x86_64 or another one of " +
                                  "//platforms.") % package.name,
            ),
            tags = ["manual"],
            visibility = ["//visibility:public"],
        )
