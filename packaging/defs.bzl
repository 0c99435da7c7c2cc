"""The public face of the packaging rules."""

load("//packaging:packages.bzl", "PACKAGES", "package_named")
load("//packaging/dist:layout.bzl", "dist_layout")
load("//packaging/launcher:launcher.bzl", _LauncherInfo = "LauncherInfo", _launcher = "launcher")
load("//packaging/private:cells.bzl", "unserved", "variants_of")
load("//packaging/private:cmake_install.bzl", _cmake_install = "cmake_install")
load("//packaging/private:dist.bzl", _dist = "dist", _dist_set = "dist_set")
load("//packaging/private:image.bzl", _oci_image = "oci_image")
load("//packaging/private:prebuilt_payload.bzl", _prebuilt_payload = "prebuilt_payload")
load(
    "//packaging/private:providers.bzl",
    _DistInfo = "DistInfo",
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

InstallTreeInfo = _InstallTreeInfo
LauncherInfo = _LauncherInfo
NativePayloadInfo = _NativePayloadInfo
WheelInfo = _WheelInfo
WheelSetInfo = _WheelSetInfo
DistInfo = _DistInfo
DistSetInfo = _DistSetInfo

prebuilt_payload = _prebuilt_payload
tree_payload = _tree_payload
cmake_install = _cmake_install
universal_payload = _universal_payload
universal_program = _universal_program
launcher = _launcher
wheel = _wheel
wheel_variants = _wheel_variants
wheelhouse = _wheelhouse
dist = _dist
dist_set = _dist_set
dist_directory = _dist_directory
oci_image = _oci_image
built_version = _built_version
release_plan = _release_plan
release_manifest = _release_manifest
declare_without = _declare_without
all_unless_without = _all_unless_without

# The wheels of every package, for every platform and Python of the matrix.
ALL_WHEELS = ["//packaging/%s:wheels" % package.directory for package in PACKAGES]

def python_package(distribution, **kwargs):
    """Declares `:wheel` and, built for the whole matrix, `:wheels` of a package.

    Args:
      distribution: a name of PACKAGES (packaging/packages.bzl).
      **kwargs: attributes of `wheel`, but for its payload, which is the package's own.
    """
    package = package_named(distribution)
    wheel(
        name = "wheel",
        distribution = distribution,
        payload = "//packaging/payload:" + package.directory,
        # For itself it has no platform, so //... must pass it over.
        tags = ["manual"],
        visibility = ["//visibility:public"],
        **kwargs
    )
    wheel_variants(
        name = "wheels",
        wheel = ":wheel",
        variants = [
            "%s/%s" % (variant.platform, variant.python_tag)
            for variant in variants_of(package)
        ],
        unserved = unserved(package),
        visibility = ["//visibility:public"],
    )

def iree_dist(name, platform, **kwargs):
    """Declares the dist archive of a platform.

    Args:
      name: name of the target.
      platform: name of the platform.
      **kwargs: common attributes.
    """
    layout = dist_layout(platform)
    dist(
        name = name,
        platform = platform,
        payloads = {
            "//packaging/payload:" + package.directory: package.name
            for package in PACKAGES
            if package.dist
        },
        layout = [json.encode(rule) for rule in layout.rules],
        files = layout.files,
        templates = layout.templates,
        where = "packaging/dist/layout.bzl",
        **kwargs
    )
