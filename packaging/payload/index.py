"""The index of a payload: its files, by Python tag, and the part that holds each.

A payload is one upstream package for one platform, cut into *parts*: ZIP archives whose members
carry the names they have in the wheel. A large library is alone in its part, what is equal for
all Pythons is in one part, and the rest has a part per Python. So a native file is held once per
platform, and an action that compresses it is keyed by that file alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, cast

from assembly.errors import PackagingError

Role = Literal["tool", "library", "extension", "data", "metadata"]


@dataclass(frozen=True, slots=True)
class Member:
    """One file of the payload."""

    path: str
    """Path within the wheel."""
    role: Role
    """What the file is for; metadata is what stood in the upstream .dist-info."""
    part: str
    """File name of the part that holds it."""
    sha256: str
    """Digest of the content, in hex."""
    size: int
    """Content length in bytes."""
    mode: int
    """Of `modes`."""


@dataclass(frozen=True, slots=True)
class Source:
    """An archive the payload was taken from."""

    filename: str
    """Its name."""
    sha256: str
    """Its digest, in hex."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the bytes come from, so that nobody takes them for a build of today's commit."""

    kind: str
    """prebuilt, tree or cmake."""
    project: str
    """Name of the upstream project."""
    version: str
    """Upstream's version."""
    revision: str | None
    """The source commit that upstream names, where it names one."""
    sources: tuple[Source, ...]
    """The archives, in the order of the Python tags."""


@dataclass(frozen=True, slots=True)
class Index:
    """A payload as a whole."""

    platform: str
    """Name of the platform, or any."""
    origin: Origin
    """Where it comes from."""
    members: Mapping[str, tuple[Member, ...]]
    """Files by Python tag, sorted by path."""

    def of(self, python_tag: str) -> tuple[Member, ...]:
        """The files for one Python tag.

        Raises:
          PackagingError: the payload has nothing for that tag.
        """
        try:
            return self.members[python_tag]
        except KeyError:
            raise PackagingError(
                f"the payload {self.origin.project} {self.origin.version} for {self.platform} "
                f"has nothing for {python_tag}; it has {', '.join(sorted(self.members))}"
            ) from None

    def to_json(self) -> str:
        """The index as JSON, keys in a fixed order."""
        return json.dumps(asdict(self), indent=1, sort_keys=True) + "\n"


def read(path: Path) -> Index:
    """Reads an index.

    Raises:
      PackagingError: the file is not an index.
    """
    try:
        data = cast(dict[str, Any], json.loads(path.read_bytes()))
        origin = data["origin"]
        return Index(
            platform=data["platform"],
            origin=Origin(
                kind=origin["kind"],
                project=origin["project"],
                version=origin["version"],
                revision=origin["revision"],
                sources=tuple(Source(**source) for source in origin["sources"]),
            ),
            members={
                tag: tuple(Member(**member) for member in members)
                for tag, members in data["members"].items()
            },
        )
    except (ValueError, KeyError, TypeError) as error:
        raise PackagingError(f"{path.name}: not a payload index ({error})") from error
