"""Reading native files: real ones of every system, and broken ones."""

from __future__ import annotations

import os
import tempfile
import zipfile
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from release.gate.binary import parse
from release.gate.binary.facts import Binary, BinaryError, identify

WHEELHOUSE = Path(os.environ["WHEELHOUSE"])


@cache
def taken(wheel: str, name: str) -> bytes:
    """A native file of a built wheel, by words of the wheel's name and the file's beginning."""
    (path,) = (
        p for p in WHEELHOUSE.iterdir() if p.name.startswith("iree_runtime") and wheel in p.name
    )
    with zipfile.ZipFile(path) as archive:
        member = next(n for n in archive.namelist() if n.split("/")[-1].startswith(name))
        return archive.read(member)


def read(content: bytes) -> Binary:
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        return parse.read(Path(file.name))


def test_an_elf_tool() -> None:
    binary = read(taken("cp312-abi3-manylinux_2_28_aarch64", "iree-run-module"))
    assert (binary.system, binary.cpus) == ("linux", frozenset({"aarch64"}))
    assert "libc.so.6" in binary.needed
    assert ("libc.so.6", "GLIBC_2.17") in binary.versions
    assert not binary.extension


def test_an_elf_extension() -> None:
    binary = read(taken("cp312-abi3-manylinux_2_28_x86_64", "_runtime"))
    assert binary.extension
    assert "PyErr_Clear" in binary.python_symbols
    assert not binary.executable_stack


def test_an_elf_search_path() -> None:
    binary = read(taken("cp312-abi3-manylinux_2_28_x86_64", "iree-tracy-capture"))
    assert binary.search == ("$ORIGIN/../../iree_base_runtime.libs",)
    assert any(name.startswith("libzstd-") for name in binary.needed)


def test_a_pe_extension() -> None:
    binary = read(taken("win_amd64", "_runtime"))
    assert (binary.system, binary.cpus) == ("windows", frozenset({"x86_64"}))
    assert "python3.dll" in binary.needed
    assert binary.extension
    assert "PyErr_Clear" in binary.python_symbols


def test_a_macho_extension() -> None:
    binary = read(taken("macosx", "_runtime"))
    assert (binary.system, binary.cpus) == ("macos", frozenset({"aarch64"}))
    assert binary.minimum_os == (13, 0)
    assert "/usr/lib/libSystem.B.dylib" in binary.needed
    assert binary.unsigned == frozenset()
    assert binary.extension
    assert "PyErr_Clear" in binary.python_symbols


@pytest.mark.parametrize("wheel", ["manylinux_2_28_aarch64", "win_amd64", "macosx"])
def test_a_file_cut_short_is_refused(wheel: str) -> None:
    """Catches: a download or a disk that ended early, whose first headers still look right."""
    whole = taken(f"cp312-abi3-{wheel}" if "linux" in wheel else wheel, "iree-cpuinfo")
    for share in (0.05, 0.5, 0.9):
        with pytest.raises(BinaryError):
            read(whole[: int(len(whole) * share)])


@pytest.mark.parametrize(
    "content",
    [b"", b"#!/bin/sh\n", b"PK\x03\x04", b"MZ no program", b"\xca\xfe\xba\xbe\0\0\0\x3d class"],
)
def test_other_files_are_not_taken_for_native_ones(content: bytes) -> None:
    assert identify(content) is None
    with pytest.raises(BinaryError, match="no native file"):
        read(content)


@pytest.mark.parametrize("wheel", ["cp312-abi3-manylinux_2_28_x86_64", "win_amd64", "macosx"])
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(data=st.data())
def test_damaged_headers_give_facts_or_a_refusal(wheel: str, data: st.DataObject) -> None:
    """Catches: a parser that is led astray by an offset, a count or a name."""
    content = bytearray(taken(wheel, "iree-cpuinfo"))
    # Headers lie at the beginning, tables of symbols and strings further on.
    places = st.one_of(st.integers(0, 1500), st.integers(0, len(content) - 1))
    for place, value in data.draw(st.lists(st.tuples(places, st.integers(0, 255)), max_size=12)):
        content[place] = value
    try:
        read(bytes(content))
    except BinaryError as error:
        assert str(error)
