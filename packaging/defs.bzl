"""The public packaging rules: payloads, wheels, dist archives, and the release that they make up.

Load them from this file:

```starlark
load("//packaging:defs.bzl", "variant", "wheel", "wheel_variants")
```

A payload comes from `cmake_payload` (//packaging/payload:cmake.bzl), `install_tree_payload`
(//packaging/payload:tree.bzl) or, for the packages of IREE, pinned upstream wheels
(//products/iree/payload:prebuilt.bzl). docs/guides/your-own-project.md shows all steps.
"""

load(
    "//packaging/launcher:launcher.bzl",
    _LauncherInfo = "LauncherInfo",
    _launcher = "launcher",
    _launcher_variant = "launcher_variant",
)
load("//packaging/private:cells.bzl", _variant = "variant")
load("//packaging/private:cmake_install.bzl", _cmake_install = "cmake_install")
load("//packaging/private:dist.bzl", _dist = "dist", _dist_set = "dist_set")
load("//packaging/private:dist_layout.bzl", _dist_files = "dist_files", _dist_layout = "dist_layout")
load("//packaging/private:image.bzl", _oci_image = "oci_image")
load("//packaging/private:prebuilt_payload.bzl", _prebuilt_payload = "prebuilt_payload")
load("//packaging/private:product.bzl", _product = "product")
load("//packaging/private:product_description.bzl", _product_description = "product_description")
load(
    "//packaging/private:product_parts.bzl",
    _companion = "companion",
    _dist_archives = "dist_archives",
    _distribution = "distribution",
    _launched = "launched",
    _locked_requirements = "locked_requirements",
    _program = "program",
    _project = "project",
    _smoke_program = "smoke_program",
    _version_file = "version_file",
    _wheels_by_platform = "wheels_by_platform",
)
load(
    "//packaging/private:providers.bzl",
    _DistFilesInfo = "DistFilesInfo",
    _DistInfo = "DistInfo",
    _DistLayoutInfo = "DistLayoutInfo",
    _DistSetInfo = "DistSetInfo",
    _InstallTreeInfo = "InstallTreeInfo",
    _NativePayloadInfo = "NativePayloadInfo",
    _ProductInfo = "ProductInfo",
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
load("//packaging/private:settings.bzl", _settings = "settings")
load("//packaging/private:tree_payload.bzl", _tree_payload = "tree_payload")
load("//packaging/private:universal.bzl", _universal_payload = "universal_payload", _universal_program = "universal_program")
load("//packaging/private:version.bzl", _built_version = "built_version")
load("//packaging/private:wheel.bzl", _wheel = "wheel", _wheel_variants = "wheel_variants")
load(
    "//packaging/private:without.bzl",
    _all_unless_without = "all_unless_without",
    _declare_without = "declare_without",
)

InstallTreeInfo = _InstallTreeInfo
LauncherInfo = _LauncherInfo
NativePayloadInfo = _NativePayloadInfo
WheelInfo = _WheelInfo
WheelSetInfo = _WheelSetInfo
DistFilesInfo = _DistFilesInfo
DistLayoutInfo = _DistLayoutInfo
DistInfo = _DistInfo
DistSetInfo = _DistSetInfo
ProductInfo = _ProductInfo

# A product, and the parts of its declaration.
product = _product
distribution = _distribution
wheels_by_platform = _wheels_by_platform
program = _program
launched = _launched
dist_archives = _dist_archives
version_file = _version_file
project = _project
companion = _companion
smoke_program = _smoke_program
locked_requirements = _locked_requirements
settings = _settings
product_description = _product_description

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
