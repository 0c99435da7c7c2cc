"""The matrix: the Pythons that packages are built for on each platform.

It is edited by hand. `bazel run //platforms:policy` prints what it must contain on a day, and a
test fails if it does not match the policy on MATRIX_DATE.
"""

MATRIX_DATE = "2026-11-22"

MATRIX = {
    "linux_x86_64": ["3.11", "3.12", "3.13", "3.14", "3.15"],
    "linux_aarch64": ["3.11", "3.12", "3.13", "3.14", "3.15"],
    "windows_x86_64": ["3.14", "3.15"],
    "macos_arm64": ["3.14", "3.15"],
}

def pythons_of(matrix):
    """Returns the Pythons of a matrix, oldest first.

    Example:

    ```starlark
    pythons_of({"linux_x86_64": ["3.11", "3.12"], "macos_arm64": ["3.12"]})  # ["3.11", "3.12"]
    ```

    Args:
      matrix: Pythons by platform.

    Returns:
      A list of minor versions.
    """
    pythons = {python: True for supported in matrix.values() for python in supported}
    return sorted(pythons, key = lambda python: int(python.split(".")[1]))
