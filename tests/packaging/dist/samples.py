"""Small payloads, made like the real ones."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping, Sequence
from pathlib import Path

from builder.assembly import blob
from builder.assembly.archive import ArchiveWriter
from builder.assembly.compress import compress
from builder.assembly.dist import Payload
from builder.payload.index import Index, Member, Origin, Source


def noise(size: int, seed: int = 0) -> bytes:
    """Returns incompressible bytes, which only depend on the seed."""
    return random.Random(seed).randbytes(size)


def write_part(path: Path, files: Mapping[str, bytes]) -> Path:
    """Writes a part of a payload with these files, and returns its path."""
    with ArchiveWriter(path) as writer:
        for name, content in sorted(files.items()):
            writer.add(name, [content])
    return path


def member(path: str, content: bytes) -> Member:
    """Returns the entry of a file in a payload's index."""
    return Member(
        path=path,
        role="tool",
        part="common.zip",
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
        mode=0o755,
    )


def index(files: Mapping[str, bytes], **other_tags: Mapping[str, bytes]) -> Index:
    """Returns the index of a payload with `files` for cp311, and others for other tags."""
    return Index(
        platform="linux_x86_64",
        origin=Origin(
            kind="prebuilt",
            project="upstream",
            version="3.13.0",
            revision="89ece87b",
            sources=(Source("upstream-3.13.0.whl", "0" * 64),),
        ),
        members={
            tag: tuple(member(path, content) for path, content in sorted(files.items()))
            for tag, files in {"cp311": files, **other_tags}.items()
        },
    )


def payload(
    directory: Path, files: Mapping[str, bytes], patterns: Sequence[str] = ("*/*",)
) -> Payload:
    """Makes a payload, and compresses its files that match `patterns` into a blob."""
    part = write_part(directory / "common.zip", files)
    output = directory / "common.zip.xz"
    table = compress(part, patterns, output, threads=1)
    blob.write_table(directory / "common.zip.xz.json", table)
    return Payload(index(files), {path: (output, position) for path, position in table.items()})
