"""What a wheelhouse shall hold: decided, and written, before the first wheel is put into it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from release.model import document
from release.model.plan import Platform, parse_platform

NAME = "wheelhouse.json"
"""The file, beside the wheels, that says what they are."""

SCHEMA = 1

Role = Literal["turbine", "core", "dependency"]
"""Made for this release; of the release of IREE that it ships with; of others."""


@dataclass(frozen=True, slots=True)
class WheelhouseWheel:
    """A wheel of a wheelhouse."""

    project: str
    """Normalised name."""
    version: str
    sha256: str
    """Digest in hex."""
    role: Role
    filename: str | None = None
    """None of a dependency: its lock names it by digest."""


@dataclass(frozen=True, slots=True)
class Lock:
    """The dependencies of a platform and a Python."""

    platform: str
    python: str
    """Minor version, such as 3.12."""
    wheels: tuple[str, ...]
    """Their digests, in hex."""


@dataclass(frozen=True, slots=True)
class Wheelhouse:
    """What a wheelhouse shall hold."""

    version: str
    """Of iree-turbine and shark-turbine."""
    core: str
    """Version of iree-compiler and iree-runtime."""
    core_from: str
    """The release that they are of: STORE TAG."""
    commit: str
    """What that was built of."""
    source: str
    """Where the files of iree-turbine come from, for a person."""
    wheels: tuple[WheelhouseWheel, ...]
    platforms: tuple[Platform, ...]
    """Those of the locks."""
    locks: tuple[Lock, ...]

    def by_digest(self) -> Mapping[str, WheelhouseWheel]:
        """The wheels by their sha256."""
        return {wheel.sha256: wheel for wheel in self.wheels}

    def of_role(self, *roles: Role) -> tuple[WheelhouseWheel, ...]:
        """The wheels of some roles, in the order in which they are stated."""
        return tuple(wheel for wheel in self.wheels if wheel.role in roles)

    def tags(self, platform: str) -> tuple[str, ...]:
        """Platform tags of the wheels that a platform takes, best first."""
        (tags,) = (one.wheel_tags for one in self.platforms if one.name == platform)
        return tags

    def dependencies(self, lock: Lock) -> tuple[WheelhouseWheel, ...]:
        """What a lock of it names."""
        known = self.by_digest()
        return tuple(known[digest] for digest in lock.wheels)

    def to_json(self) -> bytes:
        """The content of wheelhouse.json."""
        return document.dumps({"schema": SCHEMA, **asdict(self)})


def read(path: Path) -> Wheelhouse:
    """Reads wheelhouse.json.

    Raises:
      document.DocumentError: it is not there, or not such a file.
    """
    return document.read(path, "statement of a wheelhouse", _parse)


def _parse(data: Mapping[str, Any]) -> Wheelhouse:
    if data["schema"] != SCHEMA:
        raise ValueError(f"its schema is {data['schema']}, this program reads {SCHEMA}")
    return Wheelhouse(
        **{name: data[name] for name in ("version", "core", "core_from", "commit", "source")},
        wheels=tuple(WheelhouseWheel(**wheel) for wheel in data["wheels"]),
        platforms=tuple(parse_platform(platform) for platform in data["platforms"]),
        locks=tuple(Lock(**{**lock, "wheels": tuple(lock["wheels"])}) for lock in data["locks"]),
    )
