"""ZIP archives: valid wheels pass, and every other archive has a finding."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from release.gate.archive.member import ArchiveLimits
from release.model.finding import Check
from tests.release.gate.archive.builders import GOOD, read_wheel, zipped


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_valid_archive_has_no_problems(tmp_path: Path, compression: int) -> None:
    found = read_wheel(tmp_path, zipped(compression=compression))
    assert found.problems == []
    assert found.content == GOOD


def test_an_archive_with_data_descriptors_is_read(tmp_path: Path) -> None:
    """zipfile writes data descriptors when the output is a pipe."""

    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def tell(self) -> int:
            raise OSError

        def seek(self, *_: int) -> int:
            raise OSError

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in GOOD.items():
            archive.writestr(name, content)
    found = read_wheel(tmp_path, pipe.getvalue())
    assert found.problems == []
    assert found.content == GOOD


def test_directory_entries_pass(tmp_path: Path) -> None:
    found = read_wheel(tmp_path, zipped({"iree/": b"", **GOOD}))
    assert found.problems == []


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_truncated_archive_is_found(tmp_path: Path, share: float) -> None:
    whole = zipped()
    found = read_wheel(tmp_path, whole[: int(len(whole) * share)])
    assert found.checks == {Check.ARCHIVE_BROKEN}


@pytest.mark.parametrize(
    "wrap",
    [
        lambda z: b"#!/bin/sh\nrm -rf /\n" + z,
        lambda z: z + b"<html>",
        lambda z: z + bytes(22),
        lambda z: z[:-2] + struct.pack("<H", 9) + b"a comment",
    ],
    ids=["before", "after", "zeros", "comment"],
)
def test_bytes_that_belong_to_no_member_are_found(
    tmp_path: Path, wrap: Callable[[bytes], bytes]
) -> None:
    """Catches: a file that is also valid in another format, with other content."""
    assert Check.ARCHIVE_BROKEN in read_wheel(tmp_path, wrap(zipped())).checks


def test_bytes_between_members_are_found(tmp_path: Path) -> None:
    whole = zipped()
    second = whole.index(b"PK\x03\x04", 4)
    end = whole.rindex(b"PK\x05\x06")
    start = struct.unpack_from("<L", whole, end + 16)[0]
    entries, at = bytearray(whole[start:end]), 0
    while at < len(entries):
        lengths = struct.unpack_from("<3H", entries, at + 28)
        offset = struct.unpack_from("<L", entries, at + 42)[0]
        struct.pack_into("<L", entries, at + 42, offset + 5 if offset else 0)
        at += 46 + sum(lengths)
    tail = bytearray(whole[end:])
    struct.pack_into("<L", tail, 16, start + 5)
    hidden = whole[:second] + b"extra" + whole[second:start] + entries + tail
    found = read_wheel(tmp_path, hidden)
    assert found.content == GOOD
    assert ["5 bytes" in problem.message for problem in found.problems] == [True]


def central(data: bytes, offset: int, form: str, value: int) -> bytes:
    """Changes a field of the first entry in the central directory."""
    changed = bytearray(data)
    struct.pack_into(form, changed, data.index(b"PK\x01\x02") + offset, value)
    return bytes(changed)


@pytest.mark.parametrize(
    ("offset", "form", "value", "check"),
    [
        (10, "<H", 12, Check.ARCHIVE_BROKEN),  # method, only in the directory
        (16, "<L", 1, Check.ARCHIVE_BROKEN),  # CRC-32
        (20, "<L", 3, Check.ARCHIVE_BROKEN),  # compressed size
        (24, "<L", 3, Check.ARCHIVE_BROKEN),  # size
        (24, "<L", 0xFFFFFFF0, Check.ARCHIVE_BOMB),
        (42, "<L", 7, Check.ARCHIVE_BROKEN),  # offset of its local header
        (38, "<L", 0o120777 << 16, Check.ARCHIVE_LINK),
        (38, "<L", 0o020666 << 16, Check.ARCHIVE_SPECIAL),  # a device
        (38, "<L", 0o104755 << 16, Check.ARCHIVE_SPECIAL),  # setuid
    ],
)
def test_an_entry_that_does_not_match_its_member_is_found(
    tmp_path: Path, offset: int, form: str, value: int, check: Check
) -> None:
    assert check in read_wheel(tmp_path, central(zipped(), offset, form, value)).checks


def test_a_different_name_in_the_local_header_is_found(tmp_path: Path) -> None:
    """Catches: a member that different programs unpack under different names."""
    found = read_wheel(tmp_path, zipped().replace(b"data.bin", b"evil.bin", 1))
    assert [p.check for p in found.problems if "different name" in p.message]


def test_overlapping_members_are_found(tmp_path: Path) -> None:
    """Catches: a bomb whose members share the same bytes."""
    data = zipped([("a", bytes(5000)), ("b", bytes(5000))])
    second = data.index(b"PK\x01\x02", data.index(b"PK\x01\x02") + 4)
    changed = bytearray(data)
    struct.pack_into("<L", changed, second + 42, 0)
    assert {Check.ARCHIVE_BOMB, Check.ARCHIVE_BROKEN} & read_wheel(tmp_path, bytes(changed)).checks


def test_a_bomb_is_found_before_decompression(tmp_path: Path) -> None:
    found = read_wheel(tmp_path, zipped({"zeros": bytes(100 << 20)}))
    assert found.checks == {Check.ARCHIVE_BOMB}
    assert found.yielded == 0


def test_content_beyond_the_declared_size_is_not_yielded(tmp_path: Path) -> None:
    """Catches: a bomb that declares a small size."""
    data = zipped({"zeros": bytes(8 << 20)})
    small = bytearray(central(data, 24, "<L", 1000))
    struct.pack_into("<L", small, 22, 1000)
    found = read_wheel(tmp_path, bytes(small))
    assert found.checks == {Check.ARCHIVE_BROKEN}
    assert found.yielded == 0


def test_too_many_members_are_found(tmp_path: Path) -> None:
    found = read_wheel(
        tmp_path, zipped({f"a{i}": b"" for i in range(11)}), ArchiveLimits(members=10)
    )
    assert found.checks == {Check.ARCHIVE_BOMB}
