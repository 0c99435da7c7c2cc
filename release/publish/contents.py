"""What a release consists of as assets, in the order in which they go out."""

from __future__ import annotations

from collections.abc import Sequence

from release.hosting.catalogue import MANIFEST, METADATA_SUFFIX, PLAN
from release.hosting.store import Upload
from release.model.document import dumps
from release.model.release_dir import ReleaseDirectory
from release.publish.published_manifest import PublishedManifest

SUMS = "SHA256SUMS"


def of(release: ReleaseDirectory, statement: PublishedManifest) -> tuple[Upload, ...]:
    """The assets: the statement first, then the plan, files by name, and the sums over all."""
    paths = {path.name: path for path in release.files}
    files = [Upload.of_bytes(PLAN, dumps(release.plan_json))]
    for name, artifact in sorted(statement.manifest.artifacts.items()):
        files.append(Upload(name, artifact.sha256, artifact.size, paths[name]))
        if name in statement.metadata:
            files.append(Upload.of_bytes(name + METADATA_SUFFIX, statement.metadata[name]))
    return _complete(statement.text, files)


def with_statement(contents: tuple[Upload, ...], text: bytes) -> tuple[Upload, ...]:
    """The same assets under another statement: one that the store already has."""
    return _complete(text, contents[1:-1])


def _complete(text: bytes, files: Sequence[Upload]) -> tuple[Upload, ...]:
    stated = Upload.of_bytes(MANIFEST, text)
    digests = {content.name: content.sha256 for content in (stated, *files)}
    # As `sha256sum --check` reads it.
    sums = "".join(f"{digest}  {name}\n" for name, digest in sorted(digests.items()))
    return (stated, *files, Upload.of_bytes(SUMS, sums.encode()))
