"""The index of a payload: its files by Python tag, and the part that contains each.

A payload is one upstream package for one platform, split into *parts*: ZIP archives whose members
have their names in the wheel. A large library is alone in its part, files that are the same for all
Pythons are in one part, and the rest has a part per Python. So each native file is stored once per
platform, and an action that compresses it depends on nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, cast

from builder.assembly.errors import PackagingError

Role = Literal["tool", "library", "extension", "data", "metadata"]


@dataclass(frozen=True, slots=True)
class Member:
    """One file of the payload."""

    path: str
    """Path in the wheel."""
    role: Role
    """What the file is; metadata is a file of upstream's .dist-info."""
    part: str
    """File name of the part that contains it."""
    sha256: str
    """Digest of the content, in hex."""
    size: int
    """Size of the content in bytes."""
    mode: int
    """EXECUTABLE or PLAIN of `modes`."""


@dataclass(frozen=True, slots=True)
class Source:
    """An archive that the payload was made from."""

    filename: str
    """Its file name."""
    sha256: str
    """Its digest, in hex."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the files come from, to tell them apart from a build of the current commit."""

    kind: str
    """prebuilt, tree or cmake."""
    project: str
    """Name of the upstream project."""
    version: str
    """Upstream's version."""
    revision: str | None
    """The source commit that upstream names, if any."""
    sources: tuple[Source, ...]
    """The archives, in the order of the Python tags."""


@dataclass(frozen=True, slots=True)
class Index:
    """A payload as a whole."""

    platform: str
    """Name of the platform, or any."""
    origin: Origin
    """Where its files come from."""
    members: Mapping[str, tuple[Member, ...]]
    """Files by Python tag, sorted by path."""

    def of(self, python_tag: str) -> tuple[Member, ...]:
        """Returns the files for one Python tag.

        Raises:
          PackagingError: the payload has no files for that tag.
        """
        try:
            return self.members[python_tag]
        except KeyError:
            raise PackagingError(
                f"the payload {self.origin.project} {self.origin.version} for {self.platform} "
                f"has no files for {python_tag}, only for {', '.join(sorted(self.members))}"
            ) from None

    def to_json(self) -> str:
        """Returns the index as JSON, with sorted keys."""
        return json.dumps(asdict(self), indent=1, sort_keys=True) + "\n"


def read(path: Path) -> Index:
    """Reads an index.

    Raises:
      PackagingError: the file is not an index of a payload.
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
