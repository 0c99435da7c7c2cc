"""Blocks that are copied between xz files can be read by Python's lzma and by xz."""

from __future__ import annotations

import hashlib
import io
import lzma
import shutil
import subprocess
from pathlib import Path

import pytest

from builder.assembly import xz
from builder.assembly.errors import PackagingError
from tests.packaging.dist.samples import noise


def stream_of(*contents: bytes) -> bytes:
    file = io.BytesIO()
    writer = xz.Writer(file)
    for content in contents:
        writer.add(*xz.encode(content))
    writer.finish()
    return file.getvalue()


def read_one_stream(data: bytes) -> bytes:
    """Returns the content for a reader that stops after the first stream."""
    decoder = lzma.LZMADecompressor(lzma.FORMAT_XZ)
    content = decoder.decompress(data)
    assert decoder.eof
    assert not decoder.unused_data
    return content


def test_blocks_make_one_stream_not_several() -> None:
    assert read_one_stream(stream_of(b"one", b"two" * 1000, noise(5000))) == (
        b"one" + b"two" * 1000 + noise(5000)
    )


@pytest.mark.parametrize("size", [*range(1, 10), 127, 128, 129, 16383, 16384, 70000])
def test_any_size_is_padded_and_counted_correctly(size: int) -> None:
    assert read_one_stream(stream_of(noise(size), b"next")) == noise(size) + b"next"


def test_an_index_of_many_blocks_is_read() -> None:
    contents = [noise(50, seed) for seed in range(300)]

    assert read_one_stream(stream_of(*contents)) == b"".join(contents)


def test_a_file_without_blocks_is_empty_and_complete() -> None:
    assert read_one_stream(stream_of()) == b""


def test_a_block_is_copied_unchanged(tmp_path: Path) -> None:
    first, data = xz.encode(b"first" * 100)
    second, more = xz.encode(noise(3000))
    source = tmp_path / "source"
    source.write_bytes(b"before" + data + more + b"after")
    copied = io.BytesIO()
    writer = xz.Writer(copied)

    with source.open("rb") as file:
        writer.copy(file, len(b"before"), [first, second])
    writer.finish()

    assert copied.getvalue() == stream_of(b"first" * 100, noise(3000))


def test_a_truncated_source_is_refused(tmp_path: Path) -> None:
    block, data = xz.encode(b"content")
    source = tmp_path / "short.xz"
    source.write_bytes(data[:-1])

    with (
        source.open("rb") as file,
        pytest.raises(PackagingError, match=r"short\.xz: 1 bytes too short"),
    ):
        xz.Writer(io.BytesIO()).copy(file, 0, [block])


def test_a_block_header_has_sizes_for_parallel_readers() -> None:
    block, data = xz.encode(b"content" * 1000)

    assert data[1] & 0xC0 == 0xC0
    assert len(data) == block.length
    assert block.size == 7000


def test_xz_accepts_the_file(tmp_path: Path) -> None:
    program = shutil.which("xz")
    if program is None:
        pytest.skip("not run: xz is not on PATH")
    file = tmp_path / "file.xz"
    file.write_bytes(stream_of(b"one", noise(100_000), b"three" * 9999))

    listed = subprocess.run(
        [program, "--list", "--robot", file], check=True, capture_output=True, text=True
    )
    subprocess.run([program, "--test", "--threads=2", file], check=True)

    assert listed.stdout.splitlines()[1].split("\t")[1:3] == ["1", "3"]  # streams, blocks


def test_the_encoder_has_not_changed() -> None:
    # If a new version of cramjam fails here, it changes every dist archive. That is allowed, but
    # must be a conscious change: replace the digest.
    _, data = xz.encode(b"".join(b"%d " % (number * number) for number in range(20_000)))

    assert hashlib.sha256(data).hexdigest() == (
        "6876fb0147c204869dc973e7cf5a61fda0321391442fd4bc4b16cb48cb4a30ae"
    )
