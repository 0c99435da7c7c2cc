"""The manifest: what a release consists of, after it was built."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal

from release import document

SCHEMA = 1
"""The schema that this reader understands."""


Place = tuple[str | None, str, str | None]
"""A cell: package, platform, Python; a dist has only a platform."""


@dataclass(frozen=True, slots=True)
class Source:
    """An archive from upstream."""

    filename: str
    sha256: str
    """Digest in hex."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where native bytes come from: `prebuilt` ones are no build of the release's commit."""

    kind: str
    """prebuilt, tree or cmake."""
    project: str
    version: str
    """Upstream's version."""
    revision: str | None
    """The source commit that upstream names, where it does."""
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file of the release."""

    filename: str
    kind: Literal["wheel", "dist"]
    platform: str
    """Name of the platform, or any."""
    sha256: str
    """Digest in hex."""
    size: int
    """Bytes."""
    origins: tuple[Origin, ...]
    package: str | None = None
    """The distribution of a wheel."""
    tags: tuple[str, ...] = ()
    """Expanded tags of a wheel."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a release consists of."""

    version: str
    artifacts: Mapping[str, Artifact]
    """By file name."""
    missing: Mapping[Place, date] = field(default_factory=dict)
    """What the gate found missing and tolerated, and since which day."""


def read(path: Path) -> Manifest:
    """Reads manifest.json.

    Raises:
      document.DocumentError: it is not there, not a manifest, or of another schema.
    """
    return document.read(path, "manifest", _parse)


def _parse(data: Mapping[str, Any]) -> Manifest:
    if data["schema"] != SCHEMA:
        raise ValueError(f"its schema is {data['schema']}, this program reads {SCHEMA}")
    artifacts = (_artifact(dict(artifact)) for artifact in data["artifacts"])
    return Manifest(
        data["version"],
        {artifact.filename: artifact for artifact in artifacts},
        {
            (cell.get("package"), cell["platform"], cell.get("python")): date.fromisoformat(since)
            for cell in (*data["cells"], *data["dists"])
            if (since := cell.get("missing_since"))
        },
    )


def _artifact(data: dict[str, Any]) -> Artifact:
    return Artifact(
        origins=tuple(_origin(dict(origin)) for origin in data.pop("origins")),
        tags=tuple(data.pop("tags", ())),
        **data,
    )


def _origin(data: dict[str, Any]) -> Origin:
    return Origin(sources=tuple(Source(**source) for source in data.pop("sources")), **data)
