"""CPython's minor versions and when they are supported, from the release PEP of each version.

`released` is the day of X.Y.0. If a PEP names only a month for the end of life, `end_of_life` is
the last day of that month. A Python is supported from its release day through its end-of-life day.
"""

# PYTHONS has all supported Pythons from this day on: 3.8 ended the day before.
PYTHONS_FROM = "2024-10-08"

PYTHONS = [
    struct(version = "3.9", released = "2020-10-05", end_of_life = "2025-10-31"),
    struct(version = "3.10", released = "2021-10-04", end_of_life = "2026-10-31"),
    struct(version = "3.11", released = "2022-10-24", end_of_life = "2027-10-31"),
    struct(version = "3.12", released = "2023-10-02", end_of_life = "2028-10-31"),
    struct(version = "3.13", released = "2024-10-07", end_of_life = "2029-10-31"),
    struct(version = "3.14", released = "2025-10-07", end_of_life = "2030-10-31"),
    struct(version = "3.15", released = "2026-10-01", end_of_life = "2031-10-31"),
]

def python_tag(version):
    """Returns the Python tag of a CPython, as in the names of wheels.

    Example:

    ```starlark
    python_tag("3.11")  # "cp311"
    ```

    Args:
      version: a minor version, such as "3.11".

    Returns:
      The tag.
    """
    return "cp" + version.replace(".", "")
