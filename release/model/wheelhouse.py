"""wheelhouse.json: the wheels that a wheelhouse must hold, written before the first is added."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from release.model import document
from release.model.plan import Platform
from release.model.record import Record

NAME = "wheelhouse.json"
"""The file beside the wheels that lists them."""

SCHEMA = 1
"""The schema that this program reads and writes."""

Role = Literal["turbine", "core", "dependency"]
"""The companion of a product, built for this release; the core, which is part of the product's
release that it ships with; from other projects."""


@dataclass(frozen=True, slots=True)
class WheelhouseWheel(Record):
    """A wheel of a wheelhouse."""

    project: str
    """Normalised name."""
    version: str
    sha256: str
    """Digest in hex."""
    role: Role
    filename: str | None = None
    """None for a dependency: its lock names it by digest."""


@dataclass(frozen=True, slots=True)
class Lock(Record):
    """The dependencies of a platform and a Python."""

    platform: str
    python: str
    """Minor version, such as 3.12."""
    wheels: tuple[str, ...]
    """Their digests, in hex."""


@dataclass(frozen=True, slots=True)
class Wheelhouse(Record):
    """The wheels that a wheelhouse must hold."""

    schema: int = field(default=SCHEMA, kw_only=True, metadata={"schema": SCHEMA})
    version: str
    """Of the companion."""
    core: str
    """Version of the core."""
    core_from: str
    """The release that they come from: STORE TAG."""
    commit: str
    """The commit of that release."""
    source: str
    """Where the files of the companion come from, for messages."""
    wheels: tuple[WheelhouseWheel, ...]
    platforms: tuple[Platform, ...]
    """The platforms of the locks."""
    locks: tuple[Lock, ...]

    def by_digest(self) -> Mapping[str, WheelhouseWheel]:
        """The wheels by their sha256."""
        return {wheel.sha256: wheel for wheel in self.wheels}

    def of_role(self, *roles: Role) -> tuple[WheelhouseWheel, ...]:
        """The wheels of some roles, in the order of the document."""
        return tuple(wheel for wheel in self.wheels if wheel.role in roles)

    def tags(self, platform: str) -> tuple[str, ...]:
        """Tags of the wheels that a platform accepts, best first."""
        (tags,) = (one.wheel_tags for one in self.platforms if one.name == platform)
        return tags

    def dependencies(self, lock: Lock) -> tuple[WheelhouseWheel, ...]:
        """The wheels that one of its locks names."""
        known = self.by_digest()
        return tuple(known[digest] for digest in lock.wheels)


def read(path: Path) -> Wheelhouse:
    """Reads wheelhouse.json.

    Raises:
      document.DocumentError: the file cannot be read, is malformed, or has another schema.
    """
    return document.read(path, "list of a wheelhouse", Wheelhouse.from_json)
