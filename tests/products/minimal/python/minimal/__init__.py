"""A package that only has a version."""

from minimal.version import VERSION

__all__ = ["VERSION"]
