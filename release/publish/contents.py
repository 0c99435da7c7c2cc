"""The assets of a release, in the order in which they are uploaded."""

from __future__ import annotations

from collections.abc import Sequence

from release.hosting.catalogue import MANIFEST, METADATA_SUFFIX, PLAN
from release.hosting.store import Upload
from release.model.document import dumps
from release.model.release_dir import ReleaseDirectory
from release.publish.published_manifest import PublishedManifest

SUMS = "SHA256SUMS"


def of(release: ReleaseDirectory, published: PublishedManifest) -> tuple[Upload, ...]:
    """The assets: the manifest, the plan, the files by name, and SHA256SUMS over all of them."""
    paths = {path.name: path for path in release.files}
    files = [Upload.of_bytes(PLAN, dumps(release.plan.to_json()))]
    for name, artifact in sorted(published.manifest.artifacts.items()):
        files.append(Upload(name, artifact.sha256, artifact.size, paths[name]))
        if name in published.metadata:
            files.append(Upload.of_bytes(name + METADATA_SUFFIX, published.metadata[name]))
    return _complete(published.text, files)


def with_manifest(contents: tuple[Upload, ...], text: bytes) -> tuple[Upload, ...]:
    """The same assets with another manifest.json: the one that the store already has."""
    return _complete(text, contents[1:-1])


def _complete(text: bytes, files: Sequence[Upload]) -> tuple[Upload, ...]:
    manifest = Upload.of_bytes(MANIFEST, text)
    digests = {content.name: content.sha256 for content in (manifest, *files)}
    # As `sha256sum --check` reads it.
    sums = "".join(f"{digest}  {name}\n" for name, digest in sorted(digests.items()))
    return (manifest, *files, Upload.of_bytes(SUMS, sums.encode()))
