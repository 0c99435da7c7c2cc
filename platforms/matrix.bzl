"""The matrix: the Pythons that packages are built for on each platform.

It is edited by hand. `bazel run //platforms:policy` prints what it must contain on a day, and a
test fails if it does not match the policy on MATRIX_DATE.
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
    """Returns a cell for each package, platform and Python, in the order of the matrix.

    Example:

    ```starlark
    [cell.python for cell in matrix_cells(["iree-compiler"]) if cell.platform.required]
    ```

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
