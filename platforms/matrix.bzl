"""The matrix: the Pythons that each platform's packages are built for.

Written by people and reviewed as a diff; `bazel run //platforms:policy` says what it must be on a
day, and a test fails when it is not what the policy asks for on MATRIX_DATE.
"""

load(":defs.bzl", "platform_named")

MATRIX_DATE = "2026-11-22"

MATRIX = {
    "linux_x86_64": ["3.11", "3.12", "3.13", "3.14", "3.15"],
    "linux_aarch64": ["3.11", "3.12", "3.13", "3.14", "3.15"],
    "windows_x86_64": ["3.14", "3.15"],
    "macos_arm64": ["3.14", "3.15"],
}

def matrix_cells(packages):
    """Returns a cell for each package, platform and Python, in the matrix's order.

    Args:
      packages: names of packages.

    Returns:
      A list of structs: `package`, `platform` (a struct of PLATFORMS) and `python` ("3.11").
    """
    return [
        struct(package = package, platform = platform_named(platform), python = python)
        for package in packages
        for platform, pythons in MATRIX.items()
        for python in pythons
    ]
