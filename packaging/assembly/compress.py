"""Compresses chosen files of a payload's part into a blob, once, for every dist that holds them.

Files are cut into chunks that are compressed independently of each other, so the bytes are the
same for any number of threads.
"""

from __future__ import annotations

import hashlib
import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path

from assembly import blob, layout, request, xz
from assembly.archive import ArchiveReader
from assembly.blob import Compressed
from assembly.errors import run
from assembly.tarball import padding
from assembly.xz import Block

CHUNK = 16 << 20
"""Bytes that a block of a blob holds; a multiple of tar's block size."""
_MAX_THREADS = 8  # An encoder takes 48 MiB, and a chunk or two are at hand for each.


def compress(
    part: Path, select: Sequence[str], output: Path, threads: int
) -> dict[str, Compressed]:
    """Writes the files of `part` that fit a pattern of `select` to the blob `output`.

    Memory is bounded by the number of threads, not by the files.

    Args:
      part: a ZIP archive.
      select: patterns as in the rules of a layout. One that fits nothing is no error here, since
        the files of a payload are spread over several parts.
      output: the file to write.
      threads: how many chunks are compressed at once; 0 for as many as there are processors.

    Returns:
      The table of the blob.

    Raises:
      PackagingError: the part is refused; the output is taken away.
    """
    threads = min(threads or os.cpu_count() or 1, _MAX_THREADS)
    try:
        with ArchiveReader(part) as reader, output.open("wb") as file:
            files = _Files(reader, select)
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
    """The chosen files of a part, read one after the other."""

    def __init__(self, reader: ArchiveReader, select: Sequence[str]) -> None:
        self._reader = reader
        self.paths = sorted(
            path
            for path in reader.entries
            if any(layout.matches(path, pattern) for pattern in select)
        )
        self.digests: dict[str, str] = {}
        """SHA-256 of the files that were read to the end, by path."""

    def chunks(self) -> Iterator[tuple[str, bytes]]:
        """Yields the content of each file with its padding, in chunks, with the file's path."""
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
    """Yields the chunks' blocks in the chunks' order, at most `ahead` of them being waited for."""
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
    """Runs the request named on the command line: part, select, output, table, threads."""
    wanted = request.from_command_line()
    table = compress(
        Path(wanted["part"]), wanted["select"], Path(wanted["output"]), wanted["threads"]
    )
    blob.write_table(Path(wanted["table"]), table)


if __name__ == "__main__":
    run(main)
