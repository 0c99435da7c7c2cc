"""The policy: which Pythons each platform's packages are due for on a day.

A platform of the set "supported" gets every Python that is alive, end-of-life day included. One of
the set "newest" gets the newest Python that is alive and, during that one's first year, the one
before it, so that users have a year to move on. The first year ends before the anniversary of the
release; the anniversary of a 29 February is 1 March. One of the set "none" is no part of a release.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from platforms.data import Data, Python


class UnknownDayError(ValueError):
    """The data cannot tell what is due on the day; the text is one sentence for the user."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A platform whose line in the committed matrix is not what the policy asks for."""

    platform: str
    committed: tuple[str, ...]
    """Empty when the matrix has no line for it."""
    due: tuple[str, ...]
    """Empty when the policy knows no such platform."""

    @property
    def mend(self) -> str:
        """What to do about it in platforms/matrix.bzl."""
        versions = ", ".join(f'"{version}"' for version in self.due)
        line = f'"{self.platform}": [{versions}],'
        if not self.due:
            return f"platforms/matrix.bzl: remove the line of {self.platform}"
        if not self.committed:
            return f"platforms/matrix.bzl: add to MATRIX the line {line}"
        return f"platforms/matrix.bzl: change the line of {self.platform} to {line}"


def first_anniversary(day: date) -> date:
    """Returns the same day a year later; for a 29 February, 1 March."""
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return date(day.year + 1, 3, 1)


def supported(day: date, pythons: Iterable[Python]) -> tuple[str, ...]:
    """Returns the versions that are alive on a day, oldest first."""
    return tuple(python.version for python in _alive(day, pythons))


def newest(day: date, pythons: Iterable[Python]) -> tuple[str, ...]:
    """Returns the newest version alive on a day, after the one before it in its first year."""
    alive = _alive(day, pythons)
    if not alive:
        return ()
    in_first_year = day < first_anniversary(alive[-1].released)
    return tuple(python.version for python in alive[-2 if in_first_year else -1 :])


def due(day: date, data: Data) -> dict[str, tuple[str, ...]]:
    """Returns for each platform's name the versions that are due on a day, oldest first.

    Raises:
        UnknownDayError: the day lies outside of what the data covers.
    """
    if day < data.pythons_from:
        raise UnknownDayError(
            f"platforms/pythons.bzl lists every living Python only from {data.pythons_from} on, "
            f"not on {day}; add those that were alive then, and set PYTHONS_FROM."
        )
    if not supported(day, data.pythons):
        raise UnknownDayError(
            f"No Python in platforms/pythons.bzl is alive on {day}; add those released since."
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
    """Returns the platforms for which a matrix is not what is due, sorted by name."""
    return [
        Difference(name, committed.get(name, ()), due.get(name, ()))
        for name in sorted(committed.keys() | due.keys())
        if committed.get(name) != due.get(name)
    ]


def staleness(day: date, pythons: Iterable[Python]) -> str | None:
    """Returns a sentence when a Python newer than the listed ones must be expected on a day.

    PEP 602 brings a minor version every October: once the newest one listed is a year old, there
    is or soon will be a newer one.
    """
    last = max(pythons, key=lambda python: python.released)
    if day < first_anniversary(last.released):
        return None
    return (
        f"On {day} Python {last.version}, the newest in platforms/pythons.bzl, is past its first "
        "year: a newer one is probably out, and then missing there and here."
    )


def _alive(day: date, pythons: Iterable[Python]) -> list[Python]:
    return sorted(
        (python for python in pythons if python.alive(day)), key=lambda python: python.released
    )
