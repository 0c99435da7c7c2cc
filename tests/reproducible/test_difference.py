"""The report of a build that is not reproducible names the first difference."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.reproducible.difference import files_below, first_difference

Members = dict[str, bytes]
MEMBERS: Members = {"a.py": b"a = 1\n", "b.so": bytes(100), "c.txt": b"c\n"}


def zip_of(path: Path, members: Members, *, year: int = 1980) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, (year, 1, 1, 0, 0, 0)), content)
    return path


def tar_of(path: Path, members: Members, *, year: int = 1980) -> Path:
    with tarfile.open(path, "w:xz") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            info.mtime = year
            archive.addfile(info, io.BytesIO(content))
    return path


@pytest.mark.parametrize(("pack", "suffix"), [(zip_of, ".whl"), (tar_of, ".tar.xz")])
@pytest.mark.parametrize(
    ("members", "year", "difference"),
    [
        ({**MEMBERS, "b.so": bytes(99) + b"\\1"}, 1980, "in the content of b.so"),
        (MEMBERS, 2026, "in the header of a.py"),
        ({"a.py": b"a = 1\n", "c.txt": b"c\n"}, 1980, "b.so instead of c.txt"),
        ({**MEMBERS, "d": b""}, 1980, "the end instead of d"),
    ],
)
def test_the_first_member_that_differs_is_named(
    tmp_path: Path,
    pack: Callable[..., Path],
    suffix: str,
    members: Members,
    year: int,
    difference: str,
) -> None:
    """Catches: a report that has only two digests."""
    one = pack(tmp_path / f"one{suffix}", MEMBERS)
    other = pack(tmp_path / f"other{suffix}", members, year=year)
    assert difference in first_difference(one, other)


def test_the_first_different_byte_of_other_files_is_named(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_bytes(bytes(3_000_000))
    other.write_bytes(bytes(2_000_000) + b"x" + bytes(999_999))
    assert first_difference(one, other) == "at byte 2000000"
    other.write_bytes(bytes(2_999_999))
    assert first_difference(one, other) == "at byte 2999999"


def test_names_of_files_include_their_directory(tmp_path: Path) -> None:
    """Catches: files with the same name in wheelhouse and dists, confused with each other."""
    (tmp_path / "wheelhouse").mkdir()
    (tmp_path / "wheelhouse" / "a.whl").write_bytes(b"")
    (tmp_path / "plan.json").write_bytes(b"")
    assert list(files_below(tmp_path / "wheelhouse")) == ["wheelhouse/a.whl"]
    assert list(files_below(tmp_path / "plan.json")) == ["plan.json"]
