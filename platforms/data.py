"""The data of //platforms as Python sees it: platforms, Pythons and the matrix.

Starlark holds the data (defs.bzl, pythons.bzl, matrix.bzl); //platforms:data writes it as JSON, and
this module reads that.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from importlib import resources
from typing import Any, Literal

PythonSet = Literal["supported", "newest", "none"]


@dataclass(frozen=True, slots=True)
class Python:
    """A minor version of CPython and the days of its life."""

    version: str
    """Such as "3.11"."""
    released: date
    """The day of X.Y.0, the first on which it is alive."""
    end_of_life: date
    """The last day on which it is alive."""

    def alive(self, day: date) -> bool:
        """Tells whether it is released and not yet end-of-life on a day."""
        return self.released <= day <= self.end_of_life


@dataclass(frozen=True, slots=True)
class Platform:
    """A platform; platforms/defs.bzl says what the fields mean."""

    name: str
    os: str
    cpu: str
    libc: str | None
    minimum_os: str | None
    wheel_tags: tuple[str, ...]
    dist_suffix: str
    required: bool
    pythons: PythonSet
    slices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Data:
    """Everything that //platforms declares."""

    platforms: tuple[Platform, ...]
    pythons: tuple[Python, ...]
    """Oldest first."""
    pythons_from: date
    """From this day on, every Python that is alive is in `pythons`."""
    matrix: Mapping[str, tuple[str, ...]]
    """For each platform's name, the versions of Python that are built."""
    matrix_date: date
    """The day for which the matrix was written."""


def parse(text: str) -> Data:
    """Reads the JSON that //platforms:data writes.

    Raises:
        ValueError: a day is none, or `pythons` of a platform is not a set that the policy knows.
    """
    raw: dict[str, Any] = json.loads(text)
    return Data(
        platforms=tuple(map(_platform, raw["platforms"])),
        pythons=tuple(map(_python, raw["pythons"])),
        pythons_from=date.fromisoformat(raw["pythons_from"]),
        matrix={name: tuple(versions) for name, versions in raw["matrix"].items()},
        matrix_date=date.fromisoformat(raw["matrix_date"]),
    )


def load() -> Data:
    """Reads the data that was built beside this module."""
    return parse(resources.files("platforms").joinpath("data.json").read_text("utf-8"))


def _python(raw: Mapping[str, str]) -> Python:
    return Python(
        version=raw["version"],
        released=date.fromisoformat(raw["released"]),
        end_of_life=date.fromisoformat(raw["end_of_life"]),
    )


def _platform(raw: Mapping[str, Any]) -> Platform:
    if raw["pythons"] not in ("supported", "newest", "none"):
        raise ValueError(
            f'platforms/defs.bzl: {raw["name"]} has pythons = "{raw["pythons"]}"; '
            'the policy knows "supported", "newest" and "none".'
        )
    lists = {name: tuple(raw[name]) for name in ("wheel_tags", "slices")}
    return Platform(**{**raw, **lists})
