"""Compresses files of a payload's part into a blob, once for all versions of a dist.

Files are split into chunks that are compressed independently, so the result does not depend on the
number of threads.
"""

from __future__ import annotations

import hashlib
import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path

from builder.assembly import blob, layout, request, xz
from builder.assembly.archive import ArchiveReader
from builder.assembly.blob import Compressed
from builder.assembly.errors import run
from builder.assembly.tarball import padding
from builder.assembly.xz import Block

CHUNK = 16 << 20
"""Bytes in a block of a blob; a multiple of tar's block size."""
_MAX_THREADS = 8  # Each encoder takes 48 MiB, and one or two chunks.


def compress(
    part: Path, patterns: Sequence[str], output: Path, threads: int
) -> dict[str, Compressed]:
    """Writes the files of `part` that match one of `patterns` to the blob `output`.

    Memory use depends on the number of threads, not on the files.

    Args:
      part: a ZIP archive.
      patterns: patterns as in the rules of a layout. A pattern may match nothing, because the files
        of a payload are spread over several parts.
      output: the file to write.
      threads: how many chunks to compress at once; 0 for the number of processors.

    Returns:
      The table of the blob.

    Raises:
      PackagingError: the part is invalid; the output is removed.
    """
    threads = min(threads or os.cpu_count() or 1, _MAX_THREADS)
    try:
        with ArchiveReader(part) as reader, output.open("wb") as file:
            files = _Files(reader, patterns)
            offsets: dict[str, int] = {}
            blocks: dict[str, list[Block]] = {path: [] for path in files.paths}
            writer = xz.Writer(file)
            with ThreadPoolExecutor(threads) as pool:
                for path, block, data in _encoded(pool, threads, files.chunks()):
                    offsets.setdefault(path, file.tell())
                    blocks[path].append(block)
                    writer.add(block, data)
            writer.finish()
    except BaseException:
        output.unlink(missing_ok=True)
        raise
    return {
        path: Compressed(
            offset=offsets.get(path, 0),
            size=reader.entries[path].size,
            sha256=files.digests[path],
            blocks=tuple(blocks[path]),
        )
        for path in files.paths
    }


class _Files:
    """The selected files of a part, read one after the other."""

    def __init__(self, reader: ArchiveReader, patterns: Sequence[str]) -> None:
        self._reader = reader
        self.paths = sorted(
            path
            for path in reader.entries
            if any(layout.matches(path, pattern) for pattern in patterns)
        )
        self.digests: dict[str, str] = {}
        """SHA-256 of the files that were read completely, by path."""

    def chunks(self) -> Iterator[tuple[str, bytes]]:
        """Yields the content of each file with padding, as pairs of path and chunk."""
        for path in self.paths:
            entry = self._reader.entries[path]
            digest = hashlib.sha256()
            chunk = bytearray()
            for piece in self._reader.inflate(entry):
                digest.update(piece)
                chunk += piece
                while len(chunk) > CHUNK:
                    yield path, bytes(chunk[:CHUNK])
                    del chunk[:CHUNK]
            self.digests[path] = digest.hexdigest()
            chunk += bytes(padding(entry.size))
            if chunk:
                yield path, bytes(chunk)


def _encoded(
    pool: Executor, ahead: int, chunks: Iterator[tuple[str, bytes]]
) -> Iterator[tuple[str, Block, bytes]]:
    """Yields the blocks of the chunks in order, encoding at most `ahead` chunks in advance."""
    waiting: deque[tuple[str, Future[tuple[Block, bytes]]]] = deque()

    def first() -> tuple[str, Block, bytes]:
        path, future = waiting.popleft()
        return path, *future.result()

    for path, chunk in chunks:
        waiting.append((path, pool.submit(xz.encode, chunk)))
        if len(waiting) > ahead:
            yield first()
    while waiting:
        yield first()


def main() -> None:
    """Runs the request named on the command line: part, patterns, output, table, threads."""
    options = request.from_command_line()
    table = compress(
        Path(options["part"]), options["patterns"], Path(options["output"]), options["threads"]
    )
    blob.write_table(Path(options["table"]), table)


if __name__ == "__main__":
    run(main)
