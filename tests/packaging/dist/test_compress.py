"""Blobs: selected files of a part, compressed to the same bytes on any machine."""

from __future__ import annotations

import hashlib
import io
import lzma
from pathlib import Path

import pytest

from builder.assembly import blob, compress, xz
from builder.assembly.blob import Compressed
from builder.assembly.errors import PackagingError
from tests.packaging.dist.samples import noise, write_part

BLOCK = 512
CHUNK = 4096
EDGES = [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK - 5]


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    assert compress.CHUNK % BLOCK == 0, "a chunk must not end within a tar block"
    monkeypatch.setattr(compress, "CHUNK", CHUNK)


@pytest.fixture
def part(tmp_path: Path) -> Path:
    files = {f"pkg/of_{size}": noise(size, size) for size in EDGES}
    return write_part(tmp_path / "part.zip", files | {"other/file": b"not selected"})


def content(source: Path, position: Compressed) -> bytes:
    """Returns the content of a file with its padding, read from its blocks."""
    file = io.BytesIO()
    writer = xz.Writer(file)
    with source.open("rb") as opened:
        writer.copy(opened, position.offset, position.blocks)
    writer.finish()
    return lzma.decompress(file.getvalue())


def test_the_number_of_threads_does_not_change_the_output(part: Path, tmp_path: Path) -> None:
    results = []
    for threads in (1, 2, 7, 0):
        output = tmp_path / f"{threads}.xz"
        results.append((compress.compress(part, ["pkg/*"], output, threads), output.read_bytes()))

    assert all(result == results[0] for result in results)


@pytest.mark.parametrize("size", EDGES)
def test_a_file_and_its_padding_have_their_own_blocks(
    part: Path, tmp_path: Path, size: int
) -> None:
    output = tmp_path / "blob.xz"
    position = compress.compress(part, ["pkg/*"], output, threads=2)[f"pkg/of_{size}"]

    assert content(output, position) == noise(size, size) + bytes(-size % BLOCK)
    assert position.size == size
    assert position.sha256 == hashlib.sha256(noise(size, size)).hexdigest()
    assert len(position.blocks) == -(-size // CHUNK)


def test_a_blob_is_an_xz_file_of_the_files_in_order(part: Path, tmp_path: Path) -> None:
    output = tmp_path / "blob.xz"
    table = compress.compress(part, ["pkg/*"], output, threads=2)

    assert lzma.decompress(output.read_bytes()) == b"".join(
        content(output, position) for _, position in sorted(table.items())
    )


def test_only_selected_files_are_included(part: Path, tmp_path: Path) -> None:
    table = compress.compress(part, ["other/*", "*/of_1", "pkg"], tmp_path / "blob.xz", threads=1)

    assert sorted(table) == ["other/file", "pkg/of_1"]


def test_a_part_with_nothing_selected_makes_an_empty_blob(part: Path, tmp_path: Path) -> None:
    output = tmp_path / "blob.xz"

    assert compress.compress(part, ["lib/*"], output, threads=1) == {}
    assert lzma.decompress(output.read_bytes()) == b""


def test_a_broken_part_leaves_no_blob(tmp_path: Path) -> None:
    part = write_part(tmp_path / "part.zip", {"pkg/file": noise(3 * CHUNK)})
    data = bytearray(part.read_bytes())
    data[2 * CHUNK] ^= 1
    part.write_bytes(data)
    output = tmp_path / "blob.xz"

    with pytest.raises(PackagingError, match=r"part\.zip: .*pkg/file"):
        compress.compress(part, ["pkg/*"], output, threads=2)
    assert not output.exists()


def test_a_table_is_read_as_it_was_written(part: Path, tmp_path: Path) -> None:
    table = compress.compress(part, ["pkg/*"], tmp_path / "blob.xz", threads=1)
    blob.write_table(tmp_path / "table.json", table)

    assert blob.read_table(tmp_path / "table.json") == table


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"file": {}}',
        '{"file": {"offset": 0, "size": 1, "sha256": "", "blocks": []}}',
        '{"file": {"offset": 0, "size": 1, "sha256": "", "blocks": [{"size": 1}]}}',
    ],
)
def test_an_invalid_table_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "table.json"
    path.write_text(text)

    with pytest.raises(PackagingError, match=r"^table\.json: not a table of a blob"):
        blob.read_table(path)
