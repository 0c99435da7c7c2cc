"""Versions of a release, and the tags that stand for them."""

from __future__ import annotations

import re
from datetime import date
from typing import Literal

from packaging.version import InvalidVersion, Version

from release.model.errors import UsageError

CANDIDATE = "candidate-"
"""What the tag of a nightly begins with."""

Kind = Literal["nightly", "candidate", "stable", "development"]

_NIGHTLY = re.compile(r"(\d{4})(\d{2})(\d{2})\.([1-9]\d*)")


def parse(text: str) -> Version:
    """Reads a version in the canonical form of PEP 440.

    Raises:
      UsageError: it is none, or not in that form.
    """
    try:
        version = Version(text)
    except InvalidVersion:
        version = None
    if version is None or str(version) != text:
        raise UsageError(
            f"{text}: not a version in canonical form; write it like 20261122.1 (nightly), "
            "3.14.0rc20261122 (candidate) or 3.14.0 (stable)"
        )
    return version


def kind(text: str) -> Kind:
    """What a version is: YYYYMMDD.N is a nightly, another pre-release a candidate.

    A version with `.devN` or a local label is a development version: no store but a local one
    takes it.

    Raises:
      UsageError: it is no version.
    """
    version = parse(text)
    if version.is_devrelease or version.local:
        return "development"
    if day(text):
        return "nightly"
    return "candidate" if version.is_prerelease else "stable"


def day(text: str) -> date | None:
    """The day of a nightly's version; None when it is no nightly."""
    match = _NIGHTLY.fullmatch(text)
    try:
        return date(*map(int, match.groups()[:3])) if match else None
    except ValueError:
        return None


def nightly(on: date, number: int) -> str:
    """The version of a day's Nth nightly."""
    return f"{on:%Y%m%d}.{number}"


def tag_of(text: str) -> str:
    """The tag of a version: candidate-YYYYMMDD.N of a nightly, vVERSION of any other.

    Raises:
      UsageError: it is no version.
    """
    return (CANDIDATE if kind(text) == "nightly" else "v") + text


def of_tag(tag: str) -> str | None:
    """The version that a tag stands for; None when it is no tag of a release."""
    for prefix in (CANDIDATE, "v"):
        if tag.startswith(prefix):
            try:
                version = str(parse(tag.removeprefix(prefix)))
            except UsageError:
                return None
            return version if tag_of(version) == tag else None
    return None
