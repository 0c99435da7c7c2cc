"""The policy: which Pythons each platform gets packages for on a day.

A platform with the set "supported" gets every Python that is supported, including on its
end-of-life day. One with "newest" gets the newest Python and, during that one's first year, the one
before it, so that users have a year to upgrade. The first year ends before the anniversary of the
release; the anniversary of 29 February is 1 March. One with "none" is not part of a release.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from platforms.data import Data, Python


class UnknownDayError(ValueError):
    """The data does not cover the day; the message is one sentence for the user."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A platform whose line in the committed matrix does not match the policy."""

    platform: str
    committed: tuple[str, ...]
    """Empty if the matrix has no line for it."""
    due: tuple[str, ...]
    """Empty if the policy does not list the platform."""

    @property
    def fix(self) -> str:
        """The change to make in platforms/matrix.bzl."""
        versions = ", ".join(f'"{version}"' for version in self.due)
        line = f'"{self.platform}": [{versions}],'
        if not self.due:
            return f"platforms/matrix.bzl: remove the line of {self.platform}"
        if not self.committed:
            return f"platforms/matrix.bzl: add to MATRIX the line {line}"
        return f"platforms/matrix.bzl: change the line of {self.platform} to {line}"


def first_anniversary(day: date) -> date:
    """Returns the same day a year later; for 29 February, 1 March."""
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return date(day.year + 1, 3, 1)


def supported(day: date, pythons: Iterable[Python]) -> tuple[str, ...]:
    """Returns the versions that are supported on a day, oldest first."""
    return tuple(python.version for python in _supported(day, pythons))


def newest(day: date, pythons: Iterable[Python]) -> tuple[str, ...]:
    """Returns the newest version on a day, after the previous one during its first year."""
    alive = _supported(day, pythons)
    if not alive:
        return ()
    in_first_year = day < first_anniversary(alive[-1].released)
    return tuple(python.version for python in alive[-2 if in_first_year else -1 :])


def due(day: date, data: Data) -> dict[str, tuple[str, ...]]:
    """Returns the versions that are due on a day by name of the platform, oldest first.

    Raises:
        UnknownDayError: the data does not cover the day.
    """
    if day < data.pythons_from:
        raise UnknownDayError(
            f"platforms/pythons.bzl is complete only from {data.pythons_from} on, not on {day}; "
            "add the Pythons that were supported then, and set PYTHONS_FROM."
        )
    if not supported(day, data.pythons):
        raise UnknownDayError(
            f"No Python in platforms/pythons.bzl is supported on {day}; add newer Pythons."
        )
    sets = {"supported": supported, "newest": newest}
    return {
        platform.name: sets[platform.pythons](day, data.pythons)
        for platform in data.platforms
        if platform.pythons != "none"
    }


def differences(
    committed: Mapping[str, tuple[str, ...]], due: Mapping[str, tuple[str, ...]]
) -> list[Difference]:
    """Returns the platforms whose line in the matrix differs from what is due, by name."""
    return [
        Difference(name, committed.get(name, ()), due.get(name, ()))
        for name in sorted(committed.keys() | due.keys())
        if committed.get(name) != due.get(name)
    ]


def staleness(day: date, pythons: Iterable[Python]) -> str | None:
    """Returns a message if a Python that the data lacks is probably released on a day.

    By PEP 602, there is a new minor version every October: once the newest one in the data is a
    year old, a newer one exists or is imminent.
    """
    last = max(pythons, key=lambda python: python.released)
    if day < first_anniversary(last.released):
        return None
    return (
        f"On {day}, Python {last.version}, the newest in platforms/pythons.bzl, is over a year "
        "old; if a newer version is released, add it there."
    )


def _supported(day: date, pythons: Iterable[Python]) -> list[Python]:
    return sorted(
        (python for python in pythons if python.alive(day)), key=lambda python: python.released
    )
