"""An entry: what the site knows of one release, kept in the site itself as releases/TAG.json.

The next run takes it from there as long as the store shows the same release.
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
from release.model.document import dumps
from release.model.manifest import CellStatus, Manifest

SCHEMA = 1
"""Of releases/TAG.json: an entry of another schema is made anew."""


@dataclass(frozen=True, slots=True)
class SiteFile:
    """A wheel or a dist."""

    name: str
    kind: Literal["wheel", "dist"]
    project: str | None
    """Normalised name of a wheel's distribution (PEP 503)."""
    version: str | None
    """Of a wheel."""
    size: int
    """Bytes."""
    sha256: str | None
    """Digest in hex; None where neither manifest nor store tell."""
    uploaded: str
    """ISO 8601, UTC."""
    url: str
    """As the store tells it."""
    requires_python: str | None = None
    metadata_sha256: str | None = None
    """Digest of the METADATA beside it (PEP 658); None where there is none."""


@dataclass(frozen=True, slots=True)
class NativeOrigin:
    """Where native code comes from."""

    kind: str
    project: str
    version: str
    revision: str | None


@dataclass(frozen=True, slots=True)
class Entry:
    """What the site knows of a release."""

    key: str
    """Changes when the store shows something else."""
    tag: str
    version: str
    """What the tag stands for, or the tag."""
    kind: str
    """nightly, candidate, stable or development; other for tags that are not ours."""
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
        """Content of releases/TAG.json."""
        data = asdict(self)
        for cell in data["cells"]:
            since = cell["missing_since"]
            cell["missing_since"] = since.isoformat() if since else None
        return dumps({"schema": SCHEMA, **data})


def key_of(release: StoredRelease, assets: Mapping[str, Asset]) -> str:
    """What changes when a release does."""
    seen = [
        SCHEMA,
        release.tag,
        release.prerelease,
        str(release.published),
        asdict(marks.read(release.notes)),
        sorted((a.name, a.size, a.sha256, str(a.uploaded), a.url) for a in _complete(assets)),
    ]
    return hashlib.sha256(json.dumps(seen).encode()).hexdigest()


def make(release: StoredRelease, assets: Mapping[str, Asset], manifest: Manifest | None) -> Entry:
    """The entry of a published release.

    Args:
      release: as the store shows it.
      assets: likewise; interrupted ones are passed over.
      manifest: None for a release of older tools: what names of files tell is then all.
    """
    own = version.of_tag(release.tag)
    said = marks.read(release.notes)
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
        version=own or release.tag,
        kind=version.kind(own) if own else "other",
        published=(release.published or release.created).isoformat(),
        prerelease=release.prerelease,
        pinned=said.pinned,
        yanked=said.yanked,
        commit=manifest.commit if manifest else None,
        files=tuple(file for file in files if file),
        cells=manifest.cells if manifest else (),
        natives=tuple(natives),
    )


def loads(text: bytes, where: str) -> Entry | None:
    """Reads releases/TAG.json; None when it is of another schema.

    Raises:
      document.DocumentError: it is none.
    """
    return document.loads(text, where, "entry of the index", _parse)


def path_of(tag: str) -> str:
    """Where the entry of a release lies in the site."""
    return f"releases/{quote(tag, safe='')}.json"


def load(site: Path, tag: str) -> Entry | None:
    """The entry that a site has of a release; None when it has none of this schema.

    Raises:
      document.DocumentError: it is none.
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
    """A wheel or dist; None of any other asset, and of a wheel whose name is none."""
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
    stated = manifest.artifacts.get(asset.name) if manifest else None
    described = stated is not None and asset.name + METADATA_SUFFIX in names
    return SiteFile(
        name=asset.name,
        kind=kind,
        project=project,
        version=own_version,
        size=asset.size,
        sha256=stated.sha256 if stated else asset.sha256,
        uploaded=_utc(asset.uploaded),
        url=asset.url,
        requires_python=stated.requires_python if stated else None,
        metadata_sha256=stated.metadata_sha256 if stated and described else None,
    )


def _utc(time: datetime) -> str:
    """As PEP 700 writes it."""
    return time.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
