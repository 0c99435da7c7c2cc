"""Blobs: files of a payload that are compressed to xz once, and the table of their positions.

A blob is an .xz file. Each file in it is padded with zeros to the block size of tar and split into
its own xz blocks, so that a .tar.xz can copy them unchanged.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from builder.assembly.errors import PackagingError
from builder.assembly.tarball import padding
from builder.assembly.xz import Block


@dataclass(frozen=True, slots=True)
class Compressed:
    """A file in a blob."""

    offset: int
    """Where its first xz block starts."""
    size: int
    """Bytes of content, without padding."""
    sha256: str
    """Digest of the content, in hex."""
    blocks: tuple[Block, ...]
    """Its consecutive xz blocks; none if the file is empty."""

    def __post_init__(self) -> None:
        """Checks that the blocks contain the content and its padding."""
        if sum(block.size for block in self.blocks) != self.size + padding(self.size):
            raise ValueError(f"{self.sha256}: the blocks do not add up to its {self.size} bytes")


def write_table(path: Path, table: Mapping[str, Compressed]) -> None:
    """Writes the table of a blob: the compressed files by their path in the payload."""
    data = {name: asdict(compressed) for name, compressed in sorted(table.items())}
    path.write_text(json.dumps(data, indent=1) + "\n")


def read_table(path: Path) -> dict[str, Compressed]:
    """Reads the table of a blob.

    Raises:
      PackagingError: the file is not a table of a blob.
    """
    try:
        return {
            name: Compressed(
                offset=entry["offset"],
                size=entry["size"],
                sha256=entry["sha256"],
                blocks=tuple(Block(**block) for block in entry["blocks"]),
            )
            for name, entry in json.loads(path.read_bytes()).items()
        }
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise PackagingError(f"{path.name}: not a table of a blob ({error})") from error
