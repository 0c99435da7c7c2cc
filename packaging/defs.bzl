"""The public packaging rules: payloads, wheels, dist archives, and the release that they make up.

Load them from this file:

```starlark
load("//packaging:defs.bzl", "variant", "wheel", "wheel_variants")
```

A payload comes from `cmake_payload` (//packaging/payload:cmake.bzl), `install_tree_payload`
(//packaging/payload:tree.bzl) or, for the packages of IREE, pinned upstream wheels
(//packaging/payload:prebuilt.bzl). docs/guides/your-own-project.md shows all steps.
"""

load("//packaging:packages.bzl", "PACKAGES", "package_named")
load(
    "//packaging/launcher:launcher.bzl",
    _LauncherInfo = "LauncherInfo",
    _launcher = "launcher",
    _launcher_variant = "launcher_variant",
)
load("//packaging/private:cells.bzl", "unserved", "variants_of", _variant = "variant")
load("//packaging/private:cmake_install.bzl", _cmake_install = "cmake_install")
load("//packaging/private:dist.bzl", _dist = "dist", _dist_set = "dist_set")
load("//packaging/private:dist_layout.bzl", _dist_files = "dist_files", _dist_layout = "dist_layout")
load("//packaging/private:image.bzl", _oci_image = "oci_image")
load("//packaging/private:prebuilt_payload.bzl", _prebuilt_payload = "prebuilt_payload")
load(
    "//packaging/private:providers.bzl",
    _DistFilesInfo = "DistFilesInfo",
    _DistInfo = "DistInfo",
    _DistLayoutInfo = "DistLayoutInfo",
    _DistSetInfo = "DistSetInfo",
    _InstallTreeInfo = "InstallTreeInfo",
    _NativePayloadInfo = "NativePayloadInfo",
    _WheelInfo = "WheelInfo",
    _WheelSetInfo = "WheelSetInfo",
)
load(
    "//packaging/private:release_set.bzl",
    _dist_directory = "dist_directory",
    _release_manifest = "release_manifest",
    _release_plan = "release_plan",
    _wheelhouse = "wheelhouse",
)
load("//packaging/private:tree_payload.bzl", _tree_payload = "tree_payload")
load("//packaging/private:universal.bzl", _universal_payload = "universal_payload", _universal_program = "universal_program")
load("//packaging/private:version.bzl", _built_version = "built_version")
load("//packaging/private:wheel.bzl", _wheel = "wheel", _wheel_variants = "wheel_variants")
load(
    "//packaging/private:without.bzl",
    _all_unless_without = "all_unless_without",
    _declare_without = "declare_without",
)
load("//platforms:defs.bzl", "platform_named")

InstallTreeInfo = _InstallTreeInfo
LauncherInfo = _LauncherInfo
NativePayloadInfo = _NativePayloadInfo
WheelInfo = _WheelInfo
WheelSetInfo = _WheelSetInfo
DistFilesInfo = _DistFilesInfo
DistLayoutInfo = _DistLayoutInfo
DistInfo = _DistInfo
DistSetInfo = _DistSetInfo

# Payloads.
prebuilt_payload = _prebuilt_payload
tree_payload = _tree_payload
cmake_install = _cmake_install
universal_payload = _universal_payload

# Wheels.
launcher = _launcher
launcher_variant = _launcher_variant
universal_program = _universal_program
wheel = _wheel
variant = _variant
wheel_variants = _wheel_variants

# Dist archives.
dist = _dist
dist_files = _dist_files
dist_layout = _dist_layout
dist_set = _dist_set

# The release.
wheelhouse = _wheelhouse
dist_directory = _dist_directory
built_version = _built_version
release_plan = _release_plan
release_manifest = _release_manifest
declare_without = _declare_without
all_unless_without = _all_unless_without

# The image of a release runner.
oci_image = _oci_image

# The wheels of every package, for every platform and Python of the matrix.
ALL_WHEELS = ["//packaging/%s:wheels" % package.directory for package in PACKAGES]

# buildifier: disable=unnamed-macro
def python_package(
        distribution,
        license_files,
        requires = [],
        extras = {},
        version_modules = [],
        replacements = {},
        launcher = None,
        license_expression = None):
    """Declares the wheels of a package of the release.

    `:wheel` is the wheel for the platform and Python that the build is for, `:wheels` those for the
    whole matrix. The payload is the one that packaging/packages.bzl names.

    Example, in packaging/iree_tools_tflite/BUILD.bazel:

    ```starlark
    python_package(
        distribution = "iree-tools-tflite",
        license_files = {"//:LICENSE": "LICENSE"},
        requires = ["tensorflow"],
    )
    ```

    Args:
      distribution: name of a package in packaging/packages.bzl.
      license_files: license texts, with their names below .dist-info/licenses/.
      requires: requirements (PEP 508); `{version}` is replaced by the version of the build.
      extras: requirements by extra.
      version_modules: paths in the wheel of modules whose VERSION line is set to the version.
      replacements: files that replace files of the payload, with their paths in the wheel.
      launcher: label of a `launcher` that replaces the Python scripts of native tools.
      license_expression: SPDX expression that covers all files of the wheel; by default IREE's.
    """
    package = package_named(distribution)
    wheel(
        name = "wheel",
        distribution = distribution,
        extras = extras,
        launcher = launcher,
        license_expression = license_expression,
        license_files = license_files,
        payload = package.payload,
        replacements = replacements,
        requires = requires,
        # Without a platform it cannot be built, so wildcards such as //... must skip it.
        tags = ["manual"],
        version_modules = version_modules,
        visibility = ["//visibility:public"],
    )
    wheel_variants(
        name = "wheels",
        wheel = ":wheel",
        variants = variants_of(package),
        unserved = unserved(package),
        visibility = ["//visibility:public"],
    )

def iree_dist(name, platform, **kwargs):
    """Declares the dist archive of IREE for a platform.

    It has the packages whose `dist` is True in packaging/packages.bzl, and the layout of the
    platform's operating system in packaging/dist/BUILD.bazel.

    Example:

    ```starlark
    iree_dist(
        name = "linux_x86_64",
        platform = "linux_x86_64",
    )
    ```

    Args:
      name: name of the target.
      platform: name of the platform.
      **kwargs: attributes that all rules have, such as `tags` and `visibility`.
    """
    dist(
        name = name,
        layout = "//packaging/dist:%s_layout" % platform_named(platform).os,
        payloads = {
            package.payload: package.name
            for package in PACKAGES
            if package.dist
        },
        platform = platform,
        **kwargs
    )
