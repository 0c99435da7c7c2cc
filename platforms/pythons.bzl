"""CPython's minor versions and the days of their lives, from each version's release PEP.

A release day is the day of X.Y.0. Where a PEP names only a month for the end of life, the day is
the last of that month. A Python is alive from its release day through its end-of-life day.
"""

# On this day and later, every Python that is alive is in PYTHONS: 3.8 ended the day before.
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
    """Returns the Python tag of a CPython, as in wheel names: "cp311" for "3.11".

    Args:
      version: a minor version, such as "3.11".

    Returns:
      The tag.
    """
    return "cp" + version.replace(".", "")
