"""Tests of the Starlark in //packaging: versions, cells, and the errors of its rules."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts", "unittest")
load("//packaging:packages.bzl", "PACKAGES", "package_named")
load("//packaging/private:cells.bzl", "is_pure", "plan", "serves", "variant", "variants_of", "wheel_filename")  # buildifier: disable=bzl-visibility
load("//packaging/private:providers.bzl", "WheelSetInfo")  # buildifier: disable=bzl-visibility
load("//packaging/private:version.bzl", "is_canonical")  # buildifier: disable=bzl-visibility
load("//platforms:matrix.bzl", "MATRIX")

def _version_test_impl(ctx):
    env = unittest.begin(ctx)
    for version in [
        "20261122.1",
        "3.14.0",
        "3.14.0rc20261122",
        "3.14.0a1.post2.dev3",
        "0.dev0",
        "1!2.0",
        "0.dev0+abc.1",
        "1.0+0.x",
    ]:
        asserts.true(env, is_canonical(version), version + " is canonical")
    for version in [
        "",
        "v1.0",
        "1.0-rc1",
        "1.0RC1",
        "1.0rc",
        "1.0.",
        "01.0",
        "1.00",
        "1.0rc01",
        "1..0",
        "1.0.dev",
        "0!1.0",
        "1.0+",
        "1.0+ABC",
        "1.0+abc-1",
        "1.0+01",
        "1.0+a..b",
        "1.0 ",
        "../1.0",
        "1.0.post1rc1",
        "latest",
    ]:
        asserts.false(env, is_canonical(version), version + " is not canonical")
    return unittest.end(env)

_version_test = unittest.make(_version_test_impl)

def _serves_test_impl(ctx):
    env = unittest.begin(ctx)
    asserts.true(env, serves("cp311", "cp311", "3.11"))
    asserts.false(env, serves("cp311", "cp311", "3.12"), "cp311-cp311 serves 3.11 only")
    asserts.true(env, serves("cp312", "abi3", "3.12"))
    asserts.true(env, serves("cp312", "abi3", "3.15"))
    asserts.false(env, serves("cp312", "abi3", "3.11"), "abi3 serves no older Python")
    asserts.true(env, serves("cp39", "abi3", "3.10"), "versions are numbers, not strings")
    asserts.true(env, serves("py3", "none", "3.15"))
    return unittest.end(env)

_serves_test = unittest.make(_serves_test_impl)

def _filename_test_impl(ctx):
    env = unittest.begin(ctx)
    asserts.equals(
        env,
        "iree_tools_tf-0.dev0+abc.1-py3-none-any.whl",
        wheel_filename("iree-tools-tf", "0.dev0+abc.1", "py3", "none", "any"),
    )
    asserts.equals(
        env,
        "iree_compiler-1.0-cp312-abi3-macosx_13_0_arm64.whl",
        wheel_filename("iree-compiler", "1.0", "cp312", "abi3", "macos_arm64"),
        "a wheel with arm64 files is tagged arm64",
    )
    return unittest.end(env)

_filename_test = unittest.make(_filename_test_impl)

def _plan_test_impl(ctx):
    env = unittest.begin(ctx)
    release = plan("1.0")
    cells = {}
    for cell in release.cells:
        key = (cell.package, cell.platform, cell.python)
        asserts.false(env, key in cells, "each cell appears once")
        cells[key] = cell
    asserts.equals(
        env,
        "iree_compiler-1.0-cp311-cp311-manylinux_2_28_x86_64.whl",
        cells[("iree-compiler", "linux_x86_64", "3.11")].wheel,
    )
    asserts.equals(
        env,
        "iree_compiler-1.0-cp312-abi3-manylinux_2_28_x86_64.whl",
        cells[("iree-compiler", "linux_x86_64", "3.15")].wheel,
    )
    asserts.true(env, cells[("iree-runtime", "linux_aarch64", "3.12")].required)
    asserts.false(env, cells[("iree-runtime", "windows_x86_64", "3.15")].required)
    asserts.equals(
        env,
        ["iree-dist-1.0-linux-aarch64.tar.xz", "iree-dist-1.0-linux-x86_64.tar.xz"],
        sorted([dist.archive for dist in release.dists if dist.required]),
    )
    return unittest.end(env)

_plan_test = unittest.make(_plan_test_impl)

def _variants_test_impl(ctx):
    env = unittest.begin(ctx)
    for package in PACKAGES:
        variants = variants_of(package)
        keys = {(each.platform, each.python_tag): None for each in variants}
        asserts.equals(env, len(variants), len(keys), "no wheel is built twice")
        if is_pure(package):
            asserts.equals(env, [variant(platform = "any")], variants, package.name + " has one wheel for all")
    asserts.equals(env, "iree_runtime", package_named("iree-runtime").directory)
    return unittest.end(env)

_variants_test = unittest.make(_variants_test_impl)

def _wheel_set_test_impl(ctx):
    env = analysistest.begin(ctx)
    wheels = analysistest.target_under_test(env)[WheelSetInfo].wheels
    built = sorted([wheel.file.basename for wheel in wheels])
    planned = sorted({cell.wheel: None for cell in plan(wheels[0].version).cells})
    asserts.equals(env, planned, built, "the built wheels are those of the plan")
    return analysistest.end(env)

_wheel_set_test = analysistest.make(_wheel_set_test_impl)

def _failure_test_impl(ctx):
    env = analysistest.begin(ctx)
    asserts.expect_failure(env, ctx.attr.message)
    return analysistest.end(env)

_MESSAGE = {"message": attr.string(doc = "Part of the error message.")}

def _without_test_impl(ctx):
    env = analysistest.begin(ctx)
    built = [file.basename for file in analysistest.target_under_test(env).files.to_list()]
    planned = [cell.wheel for cell in plan("0.dev0").cells if cell.package == "iree-runtime"]
    kept = {wheel: None for wheel in planned if "win_amd64" not in wheel}
    asserts.equals(env, sorted(kept), sorted(built), "the wheels of a platform that is left out are not built")
    return analysistest.end(env)

# As the workflow passes it: it joins names, of which some may be empty, with commas.
_without_test = analysistest.make(
    _without_test_impl,
    config_settings = {str(Label("//packaging:without")): ["", "windows_x86_64,"]},
)

_failure_test = analysistest.make(
    _failure_test_impl,
    expect_failure = True,
    attrs = _MESSAGE,
)

_malformed_version_test = analysistest.make(
    _failure_test_impl,
    expect_failure = True,
    attrs = _MESSAGE,
    config_settings = {str(Label("//packaging:version")): "v1.0-final"},
)

_unknown_platform_test = analysistest.make(
    _failure_test_impl,
    expect_failure = True,
    attrs = _MESSAGE,
    config_settings = {str(Label("//packaging:without")): ["amiga"]},
)

_every_platform_test = analysistest.make(
    _failure_test_impl,
    expect_failure = True,
    attrs = _MESSAGE,
    config_settings = {str(Label("//packaging:without")): MATRIX.keys()},
)

_source_test = analysistest.make(
    _failure_test_impl,
    expect_failure = True,
    attrs = _MESSAGE,
    config_settings = {"//command_line_option:platforms": str(Label("//platforms:linux_x86_64"))},
)

def starlark_tests(name):
    """Declares the tests, and a suite of them.

    Args:
      name: name of the suite.
    """
    unittest.suite(
        name + "_units",
        _version_test,
        _serves_test,
        _filename_test,
        _plan_test,
        _variants_test,
    )
    _wheel_set_test(
        name = name + "_wheel_set",
        target_under_test = "//packaging:all_wheels",
    )
    _malformed_version_test(
        name = name + "_malformed_version",
        message = "--//packaging:version=v1.0-final is not a canonical version; use the form of",
        target_under_test = "//packaging:plan",
    )
    _without_test(
        name = name + "_without",
        target_under_test = "//packaging/iree_runtime:wheels",
    )
    _unknown_platform_test(
        name = name + "_unknown_platform",
        message = "--//packaging:without=amiga: unknown platform; expected one of linux_x86_64",
        target_under_test = "//packaging/iree_runtime:wheels",
    )
    _every_platform_test(
        name = name + "_every_platform",
        message = "--//packaging:without leaves out every platform; keep at least one",
        target_under_test = "//packaging/iree_runtime:wheels",
    )
    _failure_test(
        name = name + "_python_without_payload",
        message = "has Python 3.9 on linux_x86_64, but no wheel of x serves it",
        target_under_test = ":python_without_payload",
    )
    _source_test(
        name = name + "_no_cmakelists",
        message = "`source` contains no CMakeLists.txt (1 files); list the files of a CMake project",
        target_under_test = ":no_cmakelists",
    )
    _source_test(
        name = name + "_two_trees",
        message = "has 2 files; `tree` must be one directory or one archive",
        target_under_test = ":two_trees",
    )
    native.test_suite(
        name = name,
        tests = [
            ":%s_%s" % (name, test)
            for test in [
                "units",
                "wheel_set",
                "without",
                "unknown_platform",
                "every_platform",
                "malformed_version",
                "python_without_payload",
                "no_cmakelists",
                "two_trees",
            ]
        ],
    )
