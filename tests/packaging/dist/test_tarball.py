"""Archives in .tar.xz: the same bytes everywhere, and readable by all programs."""

from __future__ import annotations

import lzma
import os
import shutil
import subprocess
import tarfile
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from builder.assembly import tarball
from builder.assembly.errors import PackagingError
from builder.assembly.tarball import Copied, Entry, Link, Text
from tests.packaging.dist.samples import noise, payload

LIBRARY = noise(3000)
TOOL = b"#!/bin/sh\n"


@pytest.fixture
def copied(tmp_path: Path) -> dict[str, Copied]:
    """Two files in a blob."""
    compressed = payload(tmp_path, {"pkg/lib.so": LIBRARY, "pkg/tool": TOOL}).compressed
    return {
        name: Copied(source, place.offset, place.blocks, place.size, executable=name == "pkg/tool")
        for name, (source, place) in compressed.items()
    }


@pytest.fixture
def entries(copied: dict[str, Copied]) -> dict[str, Entry]:
    return {
        "lib/lib.so": copied["pkg/lib.so"],
        "lib/tool": copied["pkg/tool"],
        "bin/tool": Link("../lib/tool"),
        "README.md": Text(b"text\n"),
        "share/empty": Text(b""),
        "share/long": Text(noise(1_500_000)),  # more than one block of xz
    }


CONTENTS = {
    "README.md": b"text\n",
    "bin/tool": TOOL,
    "lib/lib.so": LIBRARY,
    "lib/tool": TOOL,
    "share/empty": b"",
    "share/long": noise(1_500_000),
}


def test_what_is_written_can_be_read_back(tmp_path: Path, entries: dict[str, Entry]) -> None:
    archive = tmp_path / "a.tar.xz"
    tarball.write(archive, entries)

    with tarfile.open(archive) as reader:
        names = reader.getnames()
        for name, content in CONTENTS.items():
            file = reader.extractfile(name)
            assert file is not None
            assert file.read() == content, name
        link = reader.getmember("bin/tool")
    assert names == sorted(names)
    assert set(names) == {*entries, "bin", "lib", "share"}
    assert (link.type, link.linkname) == (tarfile.SYMTYPE, "../lib/tool")


def test_headers_do_not_tell_who_packed_or_when(tmp_path: Path, entries: dict[str, Entry]) -> None:
    archive = tmp_path / "a.tar.xz"
    tarball.write(archive, entries)

    with tarfile.open(archive) as reader:
        for info in reader:
            assert (info.uid, info.gid, info.uname, info.gname) == (0, 0, "root", "root")
            assert info.mtime == tarball.TIME
            assert not info.pax_headers
        modes = {info.name: oct(info.mode) for info in reader}
    assert modes == {
        "README.md": "0o644",
        "bin": "0o755",
        "bin/tool": "0o777",
        "lib": "0o755",
        "lib/lib.so": "0o644",
        "lib/tool": "0o755",
        "share": "0o755",
        "share/empty": "0o644",
        "share/long": "0o644",
    }


def test_order_umask_and_time_zone_do_not_change_the_output(
    tmp_path: Path, entries: dict[str, Entry], monkeypatch: pytest.MonkeyPatch
) -> None:
    tarball.write(tmp_path / "a.tar.xz", entries)
    monkeypatch.setenv("TZ", "Asia/Kathmandu")
    time.tzset()
    before = os.umask(0o077)
    try:
        tarball.write(tmp_path / "b.tar.xz", dict(reversed(entries.items())))
    finally:
        os.umask(before)
        monkeypatch.undo()
        time.tzset()

    assert (tmp_path / "a.tar.xz").read_bytes() == (tmp_path / "b.tar.xz").read_bytes()


def test_files_in_blobs_are_copied_without_recompression(
    tmp_path: Path, copied: dict[str, Copied], entries: dict[str, Entry]
) -> None:
    archive = tmp_path / "a.tar.xz"
    tarball.write(archive, entries)

    library = copied["pkg/lib.so"]
    length = sum(block.length for block in library.blocks)
    blocks = library.source.read_bytes()[library.offset : library.offset + length]
    assert blocks in archive.read_bytes()


def test_the_archive_ends_as_tar_requires(tmp_path: Path, entries: dict[str, Entry]) -> None:
    archive = tmp_path / "a.tar.xz"
    tarball.write(archive, entries)
    tar = lzma.decompress(archive.read_bytes())

    assert len(tar) % tarfile.RECORDSIZE == 0
    assert tar.endswith(bytes(2 * tarfile.BLOCKSIZE))


@pytest.mark.parametrize(
    "command",
    [["tar", "-xf"], ["bsdtar", "-xf"], ["cmake", "-E", "tar", "xf"]],
    ids=lambda command: command[0],
)
def test_other_programs_unpack_it(
    tmp_path: Path, entries: dict[str, Entry], command: list[str]
) -> None:
    if shutil.which(command[0]) is None:
        pytest.skip(f"not run: {command[0]} is not on PATH")
    archive = tmp_path / "a.tar.xz"
    tarball.write(archive, entries)
    directory = tmp_path / "unpacked"
    directory.mkdir()

    subprocess.run([*command, archive], cwd=directory, check=True)

    found = {
        str(p.relative_to(directory)): p.read_bytes() for p in directory.rglob("*") if p.is_file()
    }
    assert found == CONTENTS
    assert (directory / "bin" / "tool").is_symlink()
    assert os.access(directory / "lib" / "tool", os.X_OK)


FILE = Text(b"")


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"../up": FILE}, "the path '../up' leaves the archive"),
        ({"lib/../../up": FILE}, "leaves the archive"),
        ({"/etc/passwd": FILE}, "the path '/etc/passwd' leaves the archive"),
        ({"C:/file": FILE}, "contains a character that is not allowed"),
        ({"lib\\file": FILE}, "contains a character that is not allowed"),
        ({"new\nline": FILE}, "contains a character that is not allowed"),
        ({"lib//file": FILE}, "is not normalized"),
        ({"./file": FILE}, "is not normalized"),
        ({"lib/": FILE}, "is not normalized"),
        ({"": FILE}, "is not normalized"),
        ({"README": FILE, "readme": FILE}, "README and readme differ only in letter case"),
        ({"Lib/a": FILE, "lib/b": FILE}, "Lib and lib differ only in letter case"),
        ({"lib": FILE, "lib/file": FILE}, "lib would be both a file and a directory"),
        ({"bin/link": Link("../../up")}, "the link bin/link leaves the archive: ../../up"),
        ({"bin/link": Link("/etc/passwd")}, "the link bin/link leaves the archive: /etc/passwd"),
        ({"bin/link": Link("missing")}, "the link bin/link does not point to a file: missing"),
        ({"bin/link": Link("../lib"), "lib/file": FILE}, "does not point to a file: ../lib"),
        ({"bin/link": Link("link")}, "does not point to a file: link"),
        ({"a" * 200: FILE}, "does not fit into a tar header"),
    ],
)
def test_an_invalid_path_is_refused_in_one_line(
    tmp_path: Path, entries: Mapping[str, Entry], message: str
) -> None:
    archive = tmp_path / "a.tar.xz"

    with pytest.raises(PackagingError) as refusal:
        tarball.write(archive, entries)

    assert message in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert not archive.exists()


def test_a_truncated_blob_leaves_no_archive(tmp_path: Path, copied: dict[str, Copied]) -> None:
    library = copied["pkg/lib.so"]
    os.truncate(library.source, library.offset + 10)

    with pytest.raises(PackagingError, match="bytes too short"):
        tarball.write(tmp_path / "a.tar.xz", {"lib.so": library})
    assert not (tmp_path / "a.tar.xz").exists()
