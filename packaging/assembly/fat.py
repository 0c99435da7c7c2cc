"""Universal files: Mach-O files for several processors in one (mach-o/fat.h).

Such a file is a header with a table, big-endian whatever the processors are, and the thin files as
they are, each at an offset that is a multiple of the largest page size of its processor. The
signature of a thin file is inside it, and stays valid.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from assembly import content, request
from assembly.errors import PackagingError, run

THIN_HEADER_BYTES = 12
"""How much of a thin file `thin` wants to see."""

_MAGIC = 0xCAFEBABE
_THIN_MAGIC = b"\xcf\xfa\xed\xfe"
_ALIGNMENT = 14
"""Of both processors, as a power of two: pages of 16 KiB, which arm64 has."""


@dataclass(frozen=True, slots=True)
class Thin:
    """A Mach-O file for one processor, by its header."""

    cpu: int
    subtype: int
    size: int
    """Bytes of the whole file."""


def thin(header: bytes, size: int) -> Thin | None:
    """A file that starts with `header`; None when it is no 64-bit Mach-O file for one processor."""
    if header[:4] != _THIN_MAGIC or len(header) < THIN_HEADER_BYTES:
        return None
    cpu, subtype = struct.unpack_from("<II", header, 4)
    return Thin(cpu, subtype, size)


def fat_size(slices: Sequence[Thin]) -> int:
    """Bytes of the universal file."""
    return _offsets(slices)[-1] + slices[-1].size


def fat(slices: Sequence[Thin], contents: Sequence[Iterable[bytes]]) -> Iterator[bytes]:
    """The universal file, in chunks.

    Args:
      slices: the thin files; the universal file has them in this order.
      contents: the bytes of each.

    Raises:
      PackagingError: two are for the same processor, or one is not as long as it should be.
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
            raise PackagingError("a slice of a universal file changed while it was read")


def _offsets(slices: Sequence[Thin]) -> list[int]:
    offsets, end = [], 8 + 20 * len(slices)
    for part in slices:
        offsets.append(-(-end // (1 << _ALIGNMENT)) << _ALIGNMENT)
        end = offsets[-1] + part.size
    return offsets


def write(files: Sequence[Path], output: Path) -> None:
    """Writes the universal file of thin ones.

    Raises:
      PackagingError: one is no thin Mach-O file, or two are for the same processor.
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
    wanted = request.from_command_line()
    write([*map(Path, wanted["files"])], Path(wanted["output"]))


if __name__ == "__main__":
    run(main)
