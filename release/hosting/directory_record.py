"""release.json: a release as a directory store records it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from release.hosting.store import StoredRelease
from release.model import document


@dataclass(frozen=True, slots=True)
class AssetEntry:
    """An asset as release.json lists it."""

    size: int
    sha256: str
    uploaded: str
    """ISO 8601."""


@dataclass(frozen=True, slots=True)
class ReleaseRecord:
    """The content of release.json."""

    title: str
    notes: str
    draft: bool
    prerelease: bool
    commit: str
    created: str
    """ISO 8601, like `published`."""
    published: str | None
    latest: bool
    assets: Mapping[str, AssetEntry]

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ReleaseRecord:
        """Reads the content of release.json."""
        assets = {name: AssetEntry(**entry) for name, entry in data["assets"].items()}
        return cls(**{**data, "assets": assets})

    def to_json(self) -> bytes:
        """The content of release.json."""
        assets = {name: asdict(entry) for name, entry in self.assets.items()}
        return document.dumps({**asdict(self), "assets": assets})

    def stored_release(self, tag: str) -> StoredRelease:
        """The release that it describes."""
        return StoredRelease(
            tag=tag,
            title=self.title,
            notes=self.notes,
            draft=self.draft,
            prerelease=self.prerelease,
            created=datetime.fromisoformat(self.created),
            published=datetime.fromisoformat(self.published) if self.published else None,
        )


def timestamp() -> str:
    """The current time as release.json records it."""
    return datetime.now(UTC).isoformat(timespec="microseconds")
