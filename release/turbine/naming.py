"""The version of a turbine release: the core version with optional suffixes."""

from __future__ import annotations

import re
from datetime import date

from packaging.version import InvalidVersion, Version

from release.model import version
from release.model.errors import UsageError

DAY = "YYYYMMDD"
"""Placeholder for the day of the release."""


def turbine_version(core: str, *, pre: str, post: str, today: date) -> str:
    """Composes the version of a companion.

    Args:
      core: the stable version of the core that it is named after, X.Y.Z.
      pre: rcYYYYMMDD or devYYYYMMDD, literally or with a number; empty for none.
      post: the number of a post-release; empty for none.
      today: the day, UTC, that replaces YYYYMMDD.

    Returns:
      The version, in canonical form.

    Raises:
      UsageError: an argument is malformed, or the result is not a valid version.
    """
    if version.kind(core) != "stable" or version.parse(core).is_postrelease:
        raise UsageError(f"--core-version {core}: write a stable version, such as 3.14.0")
    if pre and not re.fullmatch(rf"(a|b|rc|\.?dev)({DAY}|\d+)", pre):
        raise UsageError(f"--core-pre-version {pre}: write it like rc{DAY} or dev{DAY}")
    number = post.removeprefix(".").removeprefix("post")
    if post and not re.fullmatch(r"\d+", number):
        raise UsageError(f"--core-post-version {post}: write a number, such as 1")
    text = core + pre.replace(DAY, f"{today:%Y%m%d}") + (f".post{number}" if number else "")
    try:
        return str(Version(text))
    except InvalidVersion:
        raise UsageError(
            f"--core-pre-version {pre} --core-post-version {post}: {text} is not a valid version"
        ) from None
