"""What a release consists of as assets, in the order in which they go out."""

from __future__ import annotations

from collections.abc import Mapping

from release.folder import Release
from release.publishing.statement import Statement
from release.store.catalogue import MANIFEST, METADATA_SUFFIX
from release.store.store import Content

SUMS = "SHA256SUMS"


def of(release: Release, statement: Statement) -> tuple[Content, ...]:
    """The assets: the statement first, then files by name, then the sums over all of it."""
    paths = {path.name: path for path in release.files}
    stated = Content.of_bytes(MANIFEST, statement.text)
    files = []
    for name, artifact in sorted(statement.manifest.artifacts.items()):
        files.append(Content(name, artifact.sha256, artifact.size, paths[name]))
        if name in statement.metadata:
            files.append(Content.of_bytes(name + METADATA_SUFFIX, statement.metadata[name]))
    sums = {content.name: content.sha256 for content in (stated, *files)}
    return (stated, *files, Content.of_bytes(SUMS, _sums(sums)))


def with_statement(contents: tuple[Content, ...], text: bytes) -> tuple[Content, ...]:
    """The same assets under another statement: one that the store already has."""
    stated = Content.of_bytes(MANIFEST, text)
    files = contents[1:-1]
    sums = {content.name: content.sha256 for content in (stated, *files)}
    return (stated, *files, Content.of_bytes(SUMS, _sums(sums)))


def _sums(digests: Mapping[str, str]) -> bytes:
    """What `sha256sum --check` reads."""
    return "".join(f"{digest}  {name}\n" for name, digest in sorted(digests.items())).encode()
