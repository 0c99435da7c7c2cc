"""The statement: the manifest as it is published.

It is what the build wrote, with the gate's verdicts in it, what installers want to know of each
wheel, and which commit it is. The first asset of a release, and from then on what that consists of.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.metadata import Metadata
from packaging.utils import canonicalize_name, parse_wheel_filename

from release.model import manifest
from release.model.document import dumps
from release.model.errors import UsageError
from release.model.manifest import Manifest
from release.model.release_dir import ReleaseDirectory
from release.publish.judgement import Judgement


@dataclass(frozen=True, slots=True)
class BuildRecord:
    """What was built, and why just that."""

    commit: str
    """40 hex digits."""
    dirty: bool = False
    """Whether it was built with changes that nobody committed."""
    evidence: Mapping[str, Any] | None = None
    """What `tag` recorded: the checks of the commit."""
    unbuilt: Mapping[str, str] | None = None
    """Platforms that could not be built, and why."""


@dataclass(frozen=True, slots=True)
class PublishedManifest:
    """A published manifest, and what it speaks of."""

    text: bytes
    """Content of manifest.json."""
    manifest: Manifest
    metadata: Mapping[str, bytes]
    """METADATA of each wheel, by file name."""

    def agrees_with(self, other: Manifest) -> bool:
        """Whether another manifest is of the same bytes and commit; its verdicts may be older."""
        own = self.manifest
        return (own.version, own.commit, _digests(own)) == (
            other.version,
            other.commit,
            _digests(other),
        )


def make(
    release: ReleaseDirectory, judgement: Judgement, provenance: BuildRecord, tag: str
) -> PublishedManifest:
    """The statement of a release that may go out.

    Raises:
      UsageError: a wheel's METADATA cannot be read.
    """
    metadata = {path.name: read_metadata(path) for path in release.files if path.suffix == ".whl"}
    data = judgement.manifest_json
    unbuilt = provenance.unbuilt or {}
    content = {
        **data,
        "tag": tag,
        "commit": provenance.commit,
        "dirty": provenance.dirty,
        "evidence": provenance.evidence,
        "artifacts": [
            {**artifact, **_described(artifact["filename"], metadata)}
            for artifact in data["artifacts"]
        ],
        **{kind: [_excused(cell, unbuilt) for cell in data[kind]] for kind in ("cells", "dists")},
    }
    text = dumps(content)
    return PublishedManifest(text, manifest.loads(text, "manifest.json"), metadata)


def read_metadata(wheel: Path) -> bytes:
    """METADATA of a wheel.

    Raises:
      UsageError: it is no wheel, or has none that can be read.
    """
    name, *_ = parse_wheel_filename(wheel.name)
    try:
        with zipfile.ZipFile(wheel) as archive:
            (member,) = (
                path
                for path in archive.namelist()
                if path.endswith(".dist-info/METADATA")
                and path.count("/") == 1
                and canonicalize_name(path.split("-")[0]) == name
            )
            text = archive.read(member)
        Metadata.from_email(text)
    except (OSError, ValueError, zipfile.BadZipFile, ExceptionGroup) as error:
        raise UsageError(f"{wheel}: its METADATA cannot be read ({error})") from error
    return text


def _described(filename: str, metadata: Mapping[str, bytes]) -> dict[str, Any]:
    """What installers want to know of a wheel."""
    if filename not in metadata:
        return {}
    parsed = Metadata.from_email(metadata[filename])
    return {
        "requires_python": str(parsed.requires_python) if parsed.requires_python else None,
        "requires": [str(requirement) for requirement in parsed.requires_dist or ()],
        "metadata_sha256": hashlib.sha256(metadata[filename]).hexdigest(),
    }


def _excused(cell: Mapping[str, Any], unbuilt: Mapping[str, str]) -> dict[str, Any]:
    """A cell; of a missing one, why its platform could not be built."""
    if cell["status"] == "missing" and cell["platform"] in unbuilt:
        return {**cell, "why": [unbuilt[cell["platform"]]]}
    return dict(cell)


def _digests(stated: Manifest) -> dict[str, str]:
    return {name: artifact.sha256 for name, artifact in stated.artifacts.items()}
