"""An entry: the data of one release that pages need, stored in the site as releases/TAG.json.

The next run reuses the entry as long as the release in the store does not change.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import InvalidVersion

from release.hosting.catalogue import METADATA_SUFFIX
from release.hosting.store import Asset, StoredRelease
from release.model import document, marks, version
from release.model.cells import CellStatus
from release.model.document import dumps
from release.model.manifest import Manifest
from release.model.state import CellState, RunState

SCHEMA = 1
"""Schema of releases/TAG.json; an entry with another schema is written again."""


@dataclass(frozen=True, slots=True)
class SiteFile:
    """A wheel or a dist."""

    name: str
    kind: Literal["wheel", "dist"]
    project: str | None
    """Normalised name of the wheel's project (PEP 503)."""
    version: str | None
    """Version of the wheel."""
    size: int
    """Bytes."""
    sha256: str | None
    """Digest in hex; None if neither the manifest nor the store has it."""
    uploaded: str
    """ISO 8601, UTC."""
    url: str
    """As given by the store."""
    requires_python: str | None = None
    metadata_sha256: str | None = None
    """Digest of its .metadata file (PEP 658); None if it has none."""


@dataclass(frozen=True, slots=True)
class NativeOrigin:
    """Where native code of a release comes from."""

    kind: str
    project: str
    version: str
    revision: str | None


@dataclass(frozen=True, slots=True)
class Entry:
    """The data of a release."""

    key: str
    """Changes whenever the release in the store does."""
    tag: str
    version: str
    """The version that the tag names, or else the tag."""
    kind: str
    """nightly, candidate, stable or development; other if the tag does not name a version."""
    published: str
    """ISO 8601, UTC."""
    prerelease: bool
    pinned: str | None
    yanked: str | None
    commit: str | None
    files: tuple[SiteFile, ...]
    cells: tuple[CellStatus, ...]
    natives: tuple[NativeOrigin, ...]

    def to_json(self) -> bytes:
        """The content of releases/TAG.json."""
        data = asdict(self)
        for cell in data["cells"]:
            since = cell["missing_since"]
            cell["missing_since"] = since.isoformat() if since else None
            # Keys of the manifest that this program does not know are no part of an entry.
            del cell["extra"], cell["keys"]
        return dumps({"schema": SCHEMA, **data})


def key_of(release: StoredRelease, assets: Mapping[str, Asset]) -> str:
    """A digest of everything in a release that its entry depends on."""
    content = [
        SCHEMA,
        release.tag,
        release.prerelease,
        str(release.published),
        asdict(marks.read(release.notes)),
        sorted((a.name, a.size, a.sha256, str(a.uploaded), a.url) for a in _complete(assets)),
    ]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def make(release: StoredRelease, assets: Mapping[str, Asset], manifest: Manifest | None) -> Entry:
    """The entry of a published release.

    Args:
      release: the release in the store.
      assets: its assets; incomplete ones are ignored.
      manifest: None for a release of an older tool, which is described by its file names only.
    """
    tagged = version.of_tag(release.tag)
    notes = marks.read(release.notes)
    names = {asset.name for asset in _complete(assets)}
    natives = (
        {
            NativeOrigin(origin.kind, origin.project, origin.version, origin.revision): None
            for artifact in manifest.artifacts.values()
            for origin in artifact.origins
        }
        if manifest
        else {}
    )
    files = (_file(asset, manifest, names) for asset in _complete(assets))
    return Entry(
        key=key_of(release, assets),
        tag=release.tag,
        version=tagged or release.tag,
        kind=version.kind(tagged) if tagged else "other",
        published=(release.published or release.created).isoformat(),
        prerelease=release.prerelease,
        pinned=notes.pinned,
        yanked=notes.yanked,
        commit=manifest.commit if manifest else None,
        files=tuple(file for file in files if file),
        cells=manifest.cells if manifest else (),
        natives=tuple(natives),
    )


def loads(text: bytes, where: str) -> Entry | None:
    """Reads releases/TAG.json; None if it has another schema.

    Raises:
      document.DocumentError: it is not an entry.
    """
    return document.loads(text, where, "entry of the index", _parse)


def path_of(tag: str) -> str:
    """The path of a release's entry in the site."""
    return f"releases/{quote(tag, safe='')}.json"


def load(site: Path, tag: str) -> Entry | None:
    """The entry of a release in a site; None if it has none with this schema.

    Raises:
      document.DocumentError: it is not an entry.
    """
    path = site / path_of(tag)
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return None
    return loads(text, str(path))


def _parse(data: Mapping[str, Any]) -> Entry | None:
    values = dict(data)
    if values.pop("schema") != SCHEMA:
        return None
    values["files"] = tuple(SiteFile(**file) for file in values["files"])
    values["natives"] = tuple(NativeOrigin(**native) for native in values["natives"])
    values["cells"] = tuple(
        CellStatus(
            **{
                **cell,
                "status": CellState(cell["status"]),
                "run": RunState(cell["run"]),
                "missing_since": date.fromisoformat(cell["missing_since"])
                if cell["missing_since"]
                else None,
                "why": tuple(cell["why"]),
            }
        )
        for cell in values["cells"]
    )
    return Entry(**values)


def _complete(assets: Mapping[str, Asset]) -> list[Asset]:
    return [asset for _, asset in sorted(assets.items()) if asset.complete]


def _file(asset: Asset, manifest: Manifest | None, names: set[str]) -> SiteFile | None:
    """A wheel or dist; None for any other asset, or a wheel with an invalid file name."""
    if not asset.name.endswith((".whl", ".tar.xz")):
        return None
    kind: Literal["wheel", "dist"] = "wheel" if asset.name.endswith(".whl") else "dist"
    project = own_version = None
    if kind == "wheel":
        try:
            parsed, number, _, _ = parse_wheel_filename(asset.name)
        except (InvalidWheelFilename, InvalidVersion):
            return None
        project, own_version = canonicalize_name(parsed), str(number)
    artifact = manifest.artifacts.get(asset.name) if manifest else None
    described = artifact is not None and asset.name + METADATA_SUFFIX in names
    return SiteFile(
        name=asset.name,
        kind=kind,
        project=project,
        version=own_version,
        size=asset.size,
        sha256=artifact.sha256 if artifact else asset.sha256,
        uploaded=_utc(asset.uploaded),
        url=asset.url,
        requires_python=artifact.requires_python if artifact else None,
        metadata_sha256=artifact.metadata_sha256 if artifact and described else None,
    )


def _utc(time: datetime) -> str:
    """In the format of PEP 700."""
    return time.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
