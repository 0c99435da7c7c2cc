"""The ZIP reader rejects what must not be in a wheel; the writer's output depends on content."""

from __future__ import annotations

import io
import os
import struct
import time
import warnings
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builder.assembly.archive import ArchiveReader, ArchiveWriter
from builder.assembly.errors import PackagingError


def archive(members: dict[str, bytes], **attributes: int) -> bytes:
    """Returns a ZIP file by Python's zipfile; `attributes` are set on every member."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o100644 << 16
            for attribute, value in attributes.items():
                setattr(info, attribute, value)
            file.writestr(info, content)
    return buffer.getvalue()


def error_of(tmp_path: Path, content: bytes) -> str:
    """Returns the error message for an archive."""
    path = tmp_path / "bad.whl"
    path.write_bytes(content)
    with pytest.raises(PackagingError) as caught, ArchiveReader(path) as reader:
        for entry in reader.entries.values():
            for _ in reader.inflate(entry):
                pass
    message = str(caught.value)
    assert message.startswith("bad.whl: ")
    assert "\n" not in message
    return message


def test_truncated_archive_is_refused(tmp_path: Path) -> None:
    whole = archive({"a.py": os.urandom(5000)})
    assert "not a whole ZIP archive" in error_of(tmp_path, whole[:-100])


def test_empty_file_is_refused(tmp_path: Path) -> None:
    assert "not a whole ZIP archive" in error_of(tmp_path, b"")


@pytest.mark.parametrize("name", ["../evil.py", "a/../../evil.py", "/etc/passwd", ".."])
def test_path_that_leaves_the_archive_is_refused(tmp_path: Path, name: str) -> None:
    assert "leaves the archive" in error_of(tmp_path, archive({name: b"x"}))


@pytest.mark.parametrize("name", ["a\\b.py", "c:evil.py", "a\nb.py", "a\x1b[31m.py"])
def test_path_that_another_system_reads_differently_is_refused(tmp_path: Path, name: str) -> None:
    assert "character that is not allowed" in error_of(tmp_path, archive({name: b"x"}))


@pytest.mark.parametrize("name", ["a//b.py", "./a.py", "a/./b.py"])
def test_path_that_is_not_normalized_is_refused(tmp_path: Path, name: str) -> None:
    assert "not normalized" in error_of(tmp_path, archive({name: b"x"}))


def test_member_named_twice_is_refused(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w") as file:
        warnings.simplefilter("ignore")
        file.writestr("a.py", b"good")
        file.writestr("a.py", b"evil")
    assert "a.py appears twice" in error_of(tmp_path, buffer.getvalue())


def test_members_that_differ_only_in_case_are_refused(tmp_path: Path) -> None:
    message = error_of(tmp_path, archive({"iree/A.py": b"1", "iree/a.py": b"2"}))
    assert "differ only in letter case" in message


def test_encrypted_member_is_refused(tmp_path: Path) -> None:
    content = bytearray(archive({"a.py": b"secret"}))
    content[6] |= 1  # local header, general purpose flags
    central = content.index(b"PK\x01\x02")
    content[central + 8] |= 1
    assert "a.py is encrypted" in error_of(tmp_path, bytes(content))


def test_symbolic_link_is_refused(tmp_path: Path) -> None:
    content = archive({"link": b"/etc/passwd"}, external_attr=0o120777 << 16)
    assert "link is a symbolic link" in error_of(tmp_path, content)


def test_unusual_compression_is_refused(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_LZMA) as file:
        file.writestr("a.py", b"x" * 100)
    assert "compressed by method 14" in error_of(tmp_path, buffer.getvalue())


def test_different_name_in_the_local_header_is_refused(tmp_path: Path) -> None:
    content = archive({"good.py": b"x"}).replace(b"good.py", b"evil.py", 1)
    assert "different name in its local header" in error_of(tmp_path, content)


def test_flipped_byte_is_found(tmp_path: Path) -> None:
    content = bytearray(archive({"a.py": os.urandom(3000)}))
    content[1500] ^= 0x10
    assert "a.py" in error_of(tmp_path, bytes(content))


def test_bomb_that_declares_less_than_it_contains_is_stopped(tmp_path: Path) -> None:
    content = bytearray(archive({"bomb": bytes(50 << 20)}))
    central = content.index(b"PK\x01\x02")
    for at in (22, central + 24):
        struct.pack_into("<L", content, at, 10)
    assert "does not have the declared size of 10 bytes" in error_of(tmp_path, bytes(content))


def test_members_that_overlap_are_refused(tmp_path: Path) -> None:
    content = archive({"a.py": b"x" * 100, "b.py": b"x" * 100})
    first, second = (content.index(b"PK\x01\x02"), content.rindex(b"PK\x01\x02"))
    broken = bytearray(content)
    # The second entry of the directory points to the first member, and is renamed to match.
    struct.pack_into("<L", broken, second + 42, 0)
    broken[second + 46 : second + 50] = b"a.py"
    assert first < second
    assert "twice" in error_of(tmp_path, bytes(broken)) or "overlap" in error_of(
        tmp_path, bytes(broken)
    )


@given(st.binary(max_size=400))
def test_random_bytes_are_refused_or_read_but_never_crash(content: bytes) -> None:
    path = Path(os.environ["TEST_TMPDIR"], "random.whl")
    path.write_bytes(b"PK\x03\x04" + content)
    with pytest.raises(PackagingError), ArchiveReader(path):
        pass


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.integers(0, 600), st.integers(0, 255))
def test_any_single_changed_byte_is_refused_or_harmless(at: int, value: int) -> None:
    members = {"iree/a.py": b"print(1)\n" * 20, "iree/b.py": b"print(2)\n" * 20}
    content = bytearray(archive(members))
    content[at % len(content)] = value
    path = Path(os.environ["TEST_TMPDIR"], "changed.whl")
    path.write_bytes(bytes(content))
    try:
        with ArchiveReader(path) as reader:
            read = {name: reader.read(name) for name in reader.entries}
    except PackagingError:
        return
    # Names may have changed, which the check of RECORD finds, but not contents.
    assert set(read.values()) <= set(members.values())


def written(path: Path, members: dict[str, bytes]) -> bytes:
    """Returns an archive of `members` by ArchiveWriter."""
    with ArchiveWriter(path) as writer:
        for name, content in members.items():
            writer.add(name, [content], 0o755 if name.endswith(".sh") else 0o644)
    return path.read_bytes()


def test_what_is_written_can_be_read_back(tmp_path: Path) -> None:
    members = {"a.py": b"hello\n" * 99, "empty": b"", "run.sh": b"#!/bin/sh\n", "ü.txt": b"u"}
    written(tmp_path / "out.zip", members)
    with zipfile.ZipFile(tmp_path / "out.zip") as file:
        assert file.testzip() is None
        assert {info.filename: file.read(info) for info in file.infolist()} == members
        modes = {info.filename: info.external_attr >> 16 for info in file.infolist()}
    assert modes["run.sh"] == 0o100755
    assert modes["a.py"] == 0o100644
    with ArchiveReader(tmp_path / "out.zip") as reader:
        assert {name: reader.read(name) for name in reader.entries} == members


def test_output_does_not_depend_on_umask_time_or_chunking(tmp_path: Path) -> None:
    members = {"a.py": b"hello\n" * 9999}
    first = written(tmp_path / "1.zip", members)
    umask = os.umask(0o077)
    try:
        time.sleep(0.01)
        with ArchiveWriter(tmp_path / "2.zip") as writer:
            writer.add("a.py", [members["a.py"][i : i + 7] for i in range(0, 9999 * 6, 7)])
    finally:
        os.umask(umask)
    assert (tmp_path / "2.zip").read_bytes() == first


def test_copied_members_equal_recompressed_ones(tmp_path: Path) -> None:
    members = {f"{i}.py": os.urandom(50) * (i + 1) * 200 for i in range(20)}
    (tmp_path / "in.zip").write_bytes(archive(members))
    with (
        ArchiveReader(tmp_path / "in.zip") as reader,
        ArchiveWriter(tmp_path / "copied.zip") as copied,
        ArchiveWriter(tmp_path / "again.zip") as again,
    ):
        for entry in reader.entries.values():
            copied.copy(reader, entry)
            again.add(entry.name, reader.inflate(entry), entry.mode)
    assert (tmp_path / "copied.zip").read_bytes() == (tmp_path / "again.zip").read_bytes()


def test_failed_write_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(PackagingError, match="twice"), ArchiveWriter(tmp_path / "o.zip") as writer:
        writer.add("a.py", [b"1"])
        writer.add("a.py", [b"2"])
    assert not (tmp_path / "o.zip").exists()
