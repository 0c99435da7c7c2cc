"""tar.xz archives: valid dists pass, and every other archive has a finding."""

from __future__ import annotations

import lzma
import tarfile
from pathlib import Path

import pytest

from release.gate.archive.member import ArchiveLimits
from release.model.finding import Check
from tests.release.gate.archive.builders import GOOD, read_dist, special, tarred, xz

LINK = tarfile.SYMTYPE
HARD = tarfile.LNKTYPE


def test_a_valid_archive_has_no_problems(tmp_path: Path) -> None:
    links = [
        special("iree/link", LINK, "runtime/data.bin", 0o777),
        special("iree/runtime", tarfile.DIRTYPE, "", 0o755),
    ]
    found = read_dist(tmp_path, xz(tarred(extra=links)))
    assert found.problems == []
    assert {path: found.content[path] for path in GOOD} == GOOD


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_truncated_stream_is_found(tmp_path: Path, share: float) -> None:
    whole = xz(tarred())
    assert read_dist(tmp_path, whole[: int(len(whole) * share)]).checks == {Check.ARCHIVE_BROKEN}


def test_a_truncated_tar_in_a_complete_stream_is_found(tmp_path: Path) -> None:
    for size in (0, 100, 512, 700, 2000):
        assert read_dist(tmp_path, xz(tarred()[:size])).checks == {Check.ARCHIVE_BROKEN}


def test_data_after_the_archive_is_found(tmp_path: Path) -> None:
    assert read_dist(tmp_path, xz(tarred()) + b"x").checks == {Check.ARCHIVE_BROKEN}
    assert read_dist(tmp_path, xz(tarred()) * 2).checks == {Check.ARCHIVE_BROKEN}
    assert read_dist(tmp_path, xz(tarred() + b"x")).checks == {Check.ARCHIVE_BROKEN}
    assert read_dist(tmp_path, xz(tarred() + tarred())).checks == {Check.ARCHIVE_BROKEN}


def test_data_hidden_in_the_padding_of_a_file_is_found(tmp_path: Path) -> None:
    plain = bytearray(tarred({"a": b"x"}))
    plain[512 + 100] = 1
    assert read_dist(tmp_path, xz(bytes(plain))).checks == {Check.ARCHIVE_BROKEN}


def test_a_flipped_byte_is_found(tmp_path: Path) -> None:
    whole = bytearray(xz(tarred()))
    whole[len(whole) // 2] ^= 4
    assert read_dist(tmp_path, bytes(whole)).checks == {Check.ARCHIVE_BROKEN}


def test_a_header_with_an_invalid_checksum_is_found(tmp_path: Path) -> None:
    plain = bytearray(tarred())
    plain[0] ^= 1
    assert read_dist(tmp_path, xz(bytes(plain))).checks == {Check.ARCHIVE_BROKEN}


@pytest.mark.parametrize(
    "link",
    [
        special("bin/a", LINK, "/etc/passwd"),
        special("bin/a", LINK, "../../etc/passwd"),
        special("bin/a", LINK, "nothing"),
        special("bin/a", LINK, "a"),
        special("a", HARD, "/etc/passwd"),
        special("a", HARD, "../etc/passwd"),
        special("a", HARD, "nothing"),
    ],
    ids=lambda link: f"{link.name}-{link.linkname}",
)
def test_a_link_to_anything_but_a_file_of_the_archive_is_found(
    tmp_path: Path, link: tarfile.TarInfo
) -> None:
    assert read_dist(tmp_path, xz(tarred(extra=[link]))).checks == {Check.ARCHIVE_LINK}


@pytest.mark.parametrize(
    "member",
    [
        special("a", tarfile.FIFOTYPE),
        special("a", tarfile.CHRTYPE),
        special("a", tarfile.BLKTYPE),
        special("a", tarfile.CONTTYPE),
        special("a", tarfile.REGTYPE, mode=0o4755),
        special("a", tarfile.REGTYPE, mode=0o666),
    ],
    ids=lambda member: f"{member.type!r}-{member.mode:o}",
)
def test_a_special_member_is_found(tmp_path: Path, member: tarfile.TarInfo) -> None:
    assert read_dist(tmp_path, xz(tarred(extra=[member]))).checks == {Check.ARCHIVE_SPECIAL}


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_extensions_that_readers_interpret_differently_are_found(tmp_path: Path, form: int) -> None:
    """Catches: a header that renames the next member, but only for some programs."""
    long = {"iree/" + "a" * 150: b"x"}
    found = read_dist(tmp_path, xz(tarred(long, form=form)))
    assert Check.ARCHIVE_SPECIAL in found.checks


def test_a_bomb_is_found_during_decompression(tmp_path: Path) -> None:
    found = read_dist(tmp_path, lzma.compress(tarred({"zeros": bytes(200 << 20)}), preset=1))
    assert found.checks == {Check.ARCHIVE_BOMB}
    assert found.yielded < 100 << 20


def test_a_stream_that_needs_much_memory_to_decode_is_refused(tmp_path: Path) -> None:
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 1 << 30}]
    content = bytearray(lzma.compress(tarred(), filters=filters))
    assert read_dist(tmp_path, bytes(content)).checks == {Check.ARCHIVE_BROKEN}


def test_too_many_members_are_found(tmp_path: Path) -> None:
    many = {f"a{i}": b"" for i in range(11)}
    assert read_dist(tmp_path, xz(tarred(many)), ArchiveLimits(members=10)).checks == {
        Check.ARCHIVE_BOMB
    }
