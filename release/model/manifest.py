"""The manifest: what a release consists of, after it was built."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal

from release.model import document

SCHEMA = 1
"""The schema that this reader understands."""


Place = tuple[str | None, str, str | None]
"""A cell: package, platform, Python; a dist has only a platform."""


@dataclass(frozen=True, slots=True)
class UpstreamArchive:
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
    sources: tuple[UpstreamArchive, ...]


@dataclass(frozen=True, slots=True)
class Predecessor:
    """The file of a candidate that a promoted one was made of."""

    filename: str
    sha256: str
    """Digest in hex."""
    rewritten: tuple[str, ...]
    """Paths, in the promoted file, of what names the version; all else is the candidate's."""


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
    requires_python: str | None = None
    """Of a published wheel, like what follows: Requires-Python of its METADATA."""
    requires: tuple[str, ...] = ()
    """Requires-Dist of its METADATA."""
    metadata_sha256: str | None = None
    """Digest in hex of its METADATA, which is an asset named FILENAME.metadata (PEP 658)."""
    promoted_from: Predecessor | None = None
    """What it was made of, in a release that was promoted."""


@dataclass(frozen=True, slots=True)
class CellStatus:
    """What became of a cell or a dist of the plan; `release/model/verdicts.py` decides it."""

    package: str | None
    """None of a dist."""
    platform: str
    python: str | None
    """None of a dist."""
    required: bool
    status: Literal["built", "missing", "wrong"]
    file: str
    missing_since: date | None = None
    run: Literal["passed", "failed", "not run"] = "not run"
    run_detail: str = ""
    why: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a release consists of."""

    version: str
    artifacts: Mapping[str, Artifact]
    """By file name."""
    missing: Mapping[Place, date] = field(default_factory=dict)
    """What the gate found missing and tolerated, and since which day."""
    cells: tuple[CellStatus, ...] = ()
    """What became of each cell and dist of the plan; empty before the gate has seen it."""
    commit: str | None = None
    """What was built, of a published release."""
    promoted_from: str | None = None
    """The tag of the candidate whose bytes these are."""
    overrides: Mapping[str, str] = field(default_factory=dict)
    """Conditions of its promotion that were not met, and why it was promoted all the same."""
    stamps: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Files that still name another version, by what the gate says of them, each once."""


def read(path: Path) -> Manifest:
    """Reads manifest.json.

    Raises:
      document.DocumentError: it is not there, not a manifest, or of another schema.
    """
    return document.read(path, "manifest", _parse)


def loads(text: bytes, where: str) -> Manifest:
    """Reads a manifest from memory.

    Args:
      text: content of manifest.json.
      where: where it comes from, for messages.

    Raises:
      document.DocumentError: it is not a manifest, or of another schema.
    """
    return document.loads(text, where, "manifest", _parse)


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
        cells=tuple(_status(cell) for cell in (*data["cells"], *data["dists"]) if "status" in cell),
        commit=data.get("commit"),
        promoted_from=data.get("promoted_from"),
        overrides=data.get("overrides", {}),
        stamps=_stamps(data.get("notes", ())),
    )


def _stamps(notes: Sequence[Mapping[str, Any]]) -> dict[str, tuple[str, ...]]:
    """Of what the gate noted, the stamps; a file is the same in all wheels of a package."""
    found: dict[str, dict[str, None]] = {}
    for note in notes:
        if note["check"] == "stamp":
            wheel = note["file"].endswith(".whl")
            whose = note["file"].partition("-")[0] if wheel else "the dists"
            found.setdefault(note["message"], {})[f"{note['member']} of {whose}"] = None
    return {message: tuple(members) for message, members in found.items()}


def _status(data: Mapping[str, Any]) -> CellStatus:
    since = data.get("missing_since")
    return CellStatus(
        package=data.get("package"),
        platform=data["platform"],
        python=data.get("python"),
        required=data["required"],
        status=data["status"],
        file=data.get("wheel") or data["archive"],
        missing_since=date.fromisoformat(since) if since else None,
        run=data.get("run", "not run"),
        run_detail=data.get("run_detail", ""),
        why=tuple(data.get("why", ())),
    )


def _artifact(data: dict[str, Any]) -> Artifact:
    former = data.pop("promoted_from", None)
    return Artifact(
        promoted_from=Predecessor(**{**former, "rewritten": tuple(former["rewritten"])})
        if former
        else None,
        origins=tuple(_origin(dict(origin)) for origin in data.pop("origins")),
        tags=tuple(data.pop("tags", ())),
        requires=tuple(data.pop("requires", ())),
        **data,
    )


def _origin(data: dict[str, Any]) -> Origin:
    return Origin(
        sources=tuple(UpstreamArchive(**source) for source in data.pop("sources")), **data
    )
