"""Universal files: Mach-O files for several processors in one (mach-o/fat.h).

Such a file is a header with a table, which is always big-endian, and the unchanged thin files, each
at an offset that is a multiple of the largest page size of its processor. A thin file contains its
own signature, which stays valid.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from builder.assembly import content, request
from builder.assembly.errors import PackagingError, run

THIN_HEADER_BYTES = 12
"""How many bytes of a file `thin` needs."""

_MAGIC = 0xCAFEBABE
_THIN_MAGIC = b"\xcf\xfa\xed\xfe"
_ALIGNMENT = 14
"""For both processors, as a power of two: the 16 KiB pages of arm64."""


@dataclass(frozen=True, slots=True)
class Thin:
    """A Mach-O file for one processor, as in the table of a universal file."""

    cpu: int
    subtype: int
    size: int
    """Bytes of the file."""


def thin(header: bytes, size: int) -> Thin | None:
    """Returns the file with this header, or None unless it is 64-bit Mach-O for one processor."""
    if header[:4] != _THIN_MAGIC or len(header) < THIN_HEADER_BYTES:
        return None
    cpu, subtype = struct.unpack_from("<II", header, 4)
    return Thin(cpu, subtype, size)


def fat_size(slices: Sequence[Thin]) -> int:
    """Returns the size of the universal file in bytes."""
    return _offsets(slices)[-1] + slices[-1].size


def fat(slices: Sequence[Thin], contents: Sequence[Iterable[bytes]]) -> Iterator[bytes]:
    """Yields the universal file in chunks.

    Args:
      slices: the thin files, in their order in the universal file.
      contents: the content of each.

    Raises:
      PackagingError: two are for the same processor, or the content of one has the wrong size.
    """
    if len({part.cpu for part in slices}) != len(slices):
        raise PackagingError("two slices of a universal file are for the same processor")
    offsets = _offsets(slices)
    header = struct.pack(">II", _MAGIC, len(slices))
    for part, offset in zip(slices, offsets, strict=True):
        header += struct.pack(">IIIII", part.cpu, part.subtype, offset, part.size, _ALIGNMENT)
    yield header
    written = len(header)
    for part, offset, chunks in zip(slices, offsets, contents, strict=True):
        yield bytes(offset - written)
        written = offset
        for chunk in chunks:
            yield chunk
            written += len(chunk)
        if written != offset + part.size:
            raise PackagingError("a slice of a universal file changed while it was being read")


def _offsets(slices: Sequence[Thin]) -> list[int]:
    offsets, end = [], 8 + 20 * len(slices)
    for part in slices:
        offsets.append(-(-end // (1 << _ALIGNMENT)) << _ALIGNMENT)
        end = offsets[-1] + part.size
    return offsets


def write(files: Sequence[Path], output: Path) -> None:
    """Merges thin files into a universal one.

    Raises:
      PackagingError: a file is not thin Mach-O, or two are for the same processor.
    """
    slices = []
    for file in files:
        with file.open("rb") as opened:
            found = thin(opened.read(THIN_HEADER_BYTES), file.stat().st_size)
        if found is None:
            raise PackagingError(f"{file.name}: not a Mach-O file for one processor")
        slices.append(found)
    with output.open("wb") as target:
        for chunk in fat(slices, [content.chunks(file) for file in files]):
            target.write(chunk)


def main() -> None:
    """Runs the request named on the command line."""
    options = request.from_command_line()
    write([*map(Path, options["files"])], Path(options["output"]))


if __name__ == "__main__":
    run(main)
