"""The manifest as it is published: what was built, the verdicts, and what installers need.

It is the first asset of a release, and from then on defines what the release consists of.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.metadata import Metadata
from packaging.utils import canonicalize_name, parse_wheel_filename

from release.model.document import dumps
from release.model.errors import UsageError
from release.model.evidence import CommitEvidence
from release.model.manifest import Manifest, PublishedMetadata
from release.model.release_dir import ReleaseDirectory
from release.publish.judgement import Judgement


@dataclass(frozen=True, slots=True)
class BuildRecord:
    """What a release was built from, and why."""

    commit: str
    """40 hex digits."""
    dirty: bool = False
    """Whether it was built with uncommitted changes."""
    evidence: CommitEvidence | None = None
    """What `tag` recorded: the checks of the commit."""
    unbuilt: Mapping[str, str] | None = None
    """Platforms that could not be built, and why."""


@dataclass(frozen=True, slots=True)
class PublishedManifest:
    """A published manifest, and the METADATA that is published with it."""

    text: bytes
    """Content of manifest.json."""
    manifest: Manifest
    metadata: Mapping[str, bytes]
    """METADATA of each wheel, by file name."""


def make(
    release: ReleaseDirectory, judgement: Judgement, record: BuildRecord, tag: str
) -> PublishedManifest:
    """The published manifest of a release that may be published.

    Raises:
      UsageError: a wheel's METADATA cannot be read.
    """
    metadata = {path.name: read_metadata(path) for path in release.files if path.suffix == ".whl"}
    manifest = judgement.manifest.published(
        tag=tag,
        commit=record.commit,
        dirty=record.dirty,
        evidence=record.evidence,
        metadata={name: _described(text) for name, text in metadata.items()},
        unbuilt=record.unbuilt or {},
    )
    return PublishedManifest(dumps(manifest.to_json()), manifest, metadata)


def read_metadata(wheel: Path) -> bytes:
    """METADATA of a wheel.

    Raises:
      UsageError: the file is not a wheel, or its METADATA cannot be read.
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
        raise UsageError(f"{wheel}: cannot read its METADATA ({error})") from error
    return text


def _described(text: bytes) -> PublishedMetadata:
    """What installers need to know of a wheel with this METADATA."""
    parsed = Metadata.from_email(text)
    return PublishedMetadata(
        requires_python=str(parsed.requires_python) if parsed.requires_python else None,
        requires=tuple(str(requirement) for requirement in parsed.requires_dist or ()),
        metadata_sha256=hashlib.sha256(text).hexdigest(),
    )
