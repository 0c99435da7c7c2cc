"""Small payloads, made as the real ones are."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping, Sequence
from pathlib import Path

from assembly import blob
from assembly.archive import ArchiveWriter
from assembly.compress import compress
from assembly.dist import Payload
from payload.index import Index, Member, Origin, Source


def noise(size: int, seed: int = 0) -> bytes:
    """Bytes that do not compress, the same ones each time."""
    return random.Random(seed).randbytes(size)


def write_part(path: Path, files: Mapping[str, bytes]) -> Path:
    """Writes the part of a payload that holds `files`, and returns its path."""
    with ArchiveWriter(path) as writer:
        for name, content in sorted(files.items()):
            writer.add(name, [content])
    return path


def member(path: str, content: bytes) -> Member:
    """The line about a file in a payload's index."""
    return Member(
        path=path,
        role="tool",
        part="common.zip",
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
        mode=0o755,
    )


def index(files: Mapping[str, bytes], **other_tags: Mapping[str, bytes]) -> Index:
    """The index of a payload that has `files` for cp311, and more for other tags."""
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
    directory: Path, files: Mapping[str, bytes], select: Sequence[str] = ("*/*",)
) -> Payload:
    """A payload whose files that fit `select` are compressed in a blob in `directory`."""
    part = write_part(directory / "common.zip", files)
    output = directory / "common.zip.xz"
    table = compress(part, select, output, threads=1)
    blob.write_table(directory / "common.zip.xz.json", table)
    return Payload(index(files), {path: (output, place) for path, place in table.items()})
