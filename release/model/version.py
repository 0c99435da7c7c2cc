"""Versions of releases, and their tags."""

from __future__ import annotations

import re
from datetime import date
from typing import Literal

from packaging.version import InvalidVersion, Version

from release.model.errors import UsageError

CANDIDATE = "candidate-"
"""The prefix of the tag of a nightly."""

Kind = Literal["nightly", "candidate", "stable", "development"]

_NIGHTLY = re.compile(r"(\d{4})(\d{2})(\d{2})\.([1-9]\d*)")


def parse(text: str) -> Version:
    """Parses a version in the canonical form of PEP 440.

    Raises:
      UsageError: it is not a version, or not in that form.
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
    """The kind of a version: YYYYMMDD.N is a nightly, another pre-release is a candidate.

    A version with `.devN` or a local label is a development version, which only local stores
    accept.

    Raises:
      UsageError: it is not a version.
    """
    version = parse(text)
    if version.is_devrelease or version.local:
        return "development"
    if day(text):
        return "nightly"
    return "candidate" if version.is_prerelease else "stable"


def day(text: str) -> date | None:
    """The day of a nightly's version; None for any other version."""
    match = _NIGHTLY.fullmatch(text)
    try:
        return date(*map(int, match.groups()[:3])) if match else None
    except ValueError:
        return None


def nightly(on: date, number: int) -> str:
    """The version of the Nth nightly of a day."""
    return f"{on:%Y%m%d}.{number}"


def tag_of(text: str) -> str:
    """The tag of a version: candidate-YYYYMMDD.N for a nightly, vVERSION for any other.

    Raises:
      UsageError: it is not a version.
    """
    return (CANDIDATE if kind(text) == "nightly" else "v") + text


def renamed(filename: str, old: str, new: str) -> str:
    """The name of a wheel or dist at another version."""
    return filename.replace(f"-{old}-", f"-{new}-", 1)


def of_tag(tag: str) -> str | None:
    """The version of a release's tag; None for any other tag."""
    for prefix in (CANDIDATE, "v"):
        if tag.startswith(prefix):
            try:
                version = str(parse(tag.removeprefix(prefix)))
            except UsageError:
                return None
            return version if tag_of(version) == tag else None
    return None
