"""The data of //platforms in Python: platforms, Pythons and the matrix.

The data is in Starlark (defs.bzl, pythons.bzl, matrix.bzl). //platforms:data writes it as JSON,
which this module reads.
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
    """A minor version of CPython, and when it is supported."""

    version: str
    """Such as "3.11"."""
    released: date
    """The release day of X.Y.0: its first supported day."""
    end_of_life: date
    """Its last supported day."""

    def alive(self, day: date) -> bool:
        """Returns whether it is released and not yet end-of-life on a day."""
        return self.released <= day <= self.end_of_life


@dataclass(frozen=True, slots=True)
class Platform:
    """A platform; platforms/defs.bzl documents the fields."""

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
    """All data of //platforms."""

    platforms: tuple[Platform, ...]
    pythons: tuple[Python, ...]
    """Oldest first."""
    pythons_from: date
    """The first day for which `pythons` is complete."""
    matrix: Mapping[str, tuple[str, ...]]
    """The Python versions that are built, by name of the platform."""
    matrix_date: date
    """The day that the matrix was written for."""


def parse(text: str) -> Data:
    """Reads the JSON that //platforms:data writes.

    Raises:
        ValueError: a date is invalid, or the policy does not know the `pythons` of a platform.
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
    """Reads the data that //platforms:data wrote."""
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
            'expected "supported", "newest" or "none".'
        )
    lists = {name: tuple(raw[name]) for name in ("wheel_tags", "slices")}
    return Platform(**{**raw, **lists})
