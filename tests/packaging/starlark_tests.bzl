"""Tests of the Starlark in //packaging: versions, cells, and the errors of its rules."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts", "unittest")
load(
    "//packaging:defs.bzl",
    "ProductInfo",
    "WheelSetInfo",
    "companion",
    "dist_archives",
    "distribution",
    "program",
    "project",
    "variant",
    "wheels_by_platform",
)
load("//packaging/private:cells.bzl", "plan", "serves", "unserved", "variants_of", "wheel_filename")  # buildifier: disable=bzl-visibility
load("//packaging/private:product_check.bzl", "contradictions")  # buildifier: disable=bzl-visibility
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
    env = analysistest.begin(ctx)
    release = plan(analysistest.target_under_test(env)[ProductInfo], "1.0")
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
    return analysistest.end(env)

_plan_test = analysistest.make(_plan_test_impl)

_PER_CPYTHON = wheels_by_platform({
    "linux_x86_64": {
        "cp311": "cp311",
        "cp312": "abi3",
    },
    "macos_arm64": {"cp312": "abi3"},
}, fix = "build one")

def _variants_test_impl(ctx):
    env = unittest.begin(ctx)
    matrix = {
        "linux_x86_64": ["3.11", "3.12", "3.13"],
        "macos_arm64": ["3.12", "3.13"],
    }
    asserts.equals(
        env,
        [
            variant("linux_x86_64", "cp311"),
            variant("linux_x86_64", "cp312"),
            variant("macos_arm64", "cp312"),
        ],
        variants_of(_PER_CPYTHON, matrix),
        "no wheel is built twice",
    )
    asserts.equals(
        env,
        [variant("any")],
        variants_of(_distribution("pure", wheels = {"py3": "none"}).wheels, matrix),
        "a pure distribution has one wheel for all",
    )
    asserts.equals(env, [], unserved("x", _PER_CPYTHON, matrix))
    asserts.equals(
        env,
        [
            "the matrix has Python 3.11 on macos_arm64, but no wheel of x serves it (its wheels " +
            "there: cp312-abi3); build one, or remove the Python from the matrix",
        ],
        unserved("x", _PER_CPYTHON, {"macos_arm64": ["3.11"]}),
    )
    return unittest.end(env)

_variants_test = unittest.make(_variants_test_impl)

def _distribution(name, roots = None, wheels = {"cp311": "abi3"}, programs = []):
    return distribution(
        name = name,
        license_expression = "MIT",
        license_files = {},
        payload = ":payload",
        programs = programs,
        roots = roots or [name],
        wheels = wheels,
    )

def _contradictions_test_impl(ctx):
    """Catches: a product that contradicts itself is only refused once something was built."""
    env = unittest.begin(ctx)

    def problems(
            distributions = [_distribution("abacus")],
            dist = None,
            projects = [project("abacus")],
            companion = None,
            headline = [],
            matrix = {"linux_x86_64": ["3.12"]}):
        return contradictions(distributions, dist, projects, companion, headline, matrix)

    asserts.equals(env, [], problems())
    for expected, found in {
        "distributions is empty; a product has at least one": problems(distributions = []),
        "two distributions are named Abacus; rename one": problems(
            distributions = [_distribution("abacus"), _distribution("Abacus", roots = ["other"])],
        ),
        "extra has the root abacus/extra, and abacus has abacus; a file belongs to one distribution": problems(
            distributions = [_distribution("abacus"), _distribution("extra", roots = ["abacus/extra"])],
            projects = [project("abacus"), project("extra")],
        ),
        "headline has abacos, which is not one of the distributions: abacus": problems(
            headline = ["abacos"],
        ),
        "companion.core has core, which is not one of the distributions: abacus": problems(
            companion = companion("notebook", core = ["core"]),
            projects = [project("abacus"), project("notebook")],
        ),
        "projects lacks notebook; add project(\"notebook\")": problems(
            companion = companion("notebook", core = ["abacus"]),
        ),
        "matrix is empty; name a platform, and a Python for it": problems(
            matrix = {"linux_x86_64": []},
        ),
        "abacus and extra both have the program count; rename one": problems(
            distributions = [
                _distribution("abacus", programs = [program("count", prints = "1")]),
                _distribution("extra", programs = [program("count", prints = "2")]),
            ],
            projects = [project("abacus"), project("extra")],
        ),
        "the project old is deprecated, but names no successor": problems(
            projects = [project("abacus"), project("old", state = "deprecated")],
        ),
        "projects lacks abacus; add project(\"abacus\")": problems(projects = []),
        "projects has abacus twice": problems(projects = [project("abacus"), project("abacus")]),
        "the successor of the project old, new, is not one of the projects": problems(
            projects = [project("abacus"), project("old", successor = "new")],
        ),
        "the matrix has macos_arm64, but dist_archives.layouts has none for macos": problems(
            dist = dist_archives("abacus-dist", {"linux": ":layout"}, ["abacus"]),
            matrix = {"macos_arm64": ["3.12"]},
        ),
    }.items():
        asserts.equals(env, [expected], found)
    return unittest.end(env)

_contradictions_test = unittest.make(_contradictions_test_impl)

def _wheel_set_test_impl(ctx):
    env = analysistest.begin(ctx)
    wheels = analysistest.target_under_test(env)[WheelSetInfo].wheels
    built = sorted([wheel.file.basename for wheel in wheels])
    product = ctx.attr.product[ProductInfo]
    planned = sorted({cell.wheel: None for cell in plan(product, wheels[0].version).cells})
    asserts.equals(env, planned, built, "the built wheels are those of the plan")
    return analysistest.end(env)

_PRODUCT = {"product": attr.label(
    default = "//products/iree:product",
    doc = "The product of the wheels.",
)}

_wheel_set_test = analysistest.make(_wheel_set_test_impl, attrs = _PRODUCT)

def _failure_test_impl(ctx):
    env = analysistest.begin(ctx)
    asserts.expect_failure(env, ctx.attr.message)
    return analysistest.end(env)

_MESSAGE = {"message": attr.string(doc = "Part of the error message.")}

def _without_test_impl(ctx):
    env = analysistest.begin(ctx)
    built = [file.basename for file in analysistest.target_under_test(env).files.to_list()]
    release = plan(ctx.attr.product[ProductInfo], "0.dev0")
    planned = [cell.wheel for cell in release.cells if cell.package == "iree-runtime"]
    kept = {wheel: None for wheel in planned if "win_amd64" not in wheel}
    asserts.equals(env, sorted(kept), sorted(built), "the wheels of a platform that is left out are not built")
    return analysistest.end(env)

# As the workflow passes it: it joins names, of which some may be empty, with commas.
_without_test = analysistest.make(
    _without_test_impl,
    attrs = _PRODUCT,
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
        _variants_test,
        _contradictions_test,
    )
    _plan_test(
        name = name + "_plan",
        target_under_test = "//products/iree:product",
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
        target_under_test = "//products/iree:iree_runtime_wheels",
    )
    _unknown_platform_test(
        name = name + "_unknown_platform",
        message = "--//packaging:without=amiga: unknown platform; expected one of linux_x86_64",
        target_under_test = "//products/iree:iree_runtime_wheels",
    )
    _every_platform_test(
        name = name + "_every_platform",
        message = "--//packaging:without leaves out every platform; keep at least one",
        target_under_test = "//products/iree:iree_runtime_wheels",
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
                "plan",
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
