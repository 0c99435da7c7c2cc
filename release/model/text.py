"""Numbers and lists in messages."""

from __future__ import annotations

from collections.abc import Iterable

MIB = 1 << 20
"""Bytes of a MiB."""


def mib(size: int, digits: int = 1) -> str:
    """A number of bytes as `12.3 MiB`.

    Args:
      size: bytes.
      digits: decimal places.
    """
    return f"{size / MIB:,.{digits}f} MiB"


def counted(number: int, noun: str) -> str:
    """A number of things: `1 file`, `2 files`.

    Args:
      number: how many.
      noun: what one of them is.
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def listed(items: Iterable[object], most: int, separator: str = ", ") -> str:
    """The first items, and how many more there are: `a, b, and 3 more`.

    Args:
      items: what is listed.
      most: how many of them are named.
      separator: what stands between two of them.
    """
    names = [str(item) for item in items]
    more = len(names) - most
    return separator.join((*names[:most], f"and {more} more") if more > 0 else names)
