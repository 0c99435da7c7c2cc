"""Parsing native files: real ones for every system, and broken ones."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
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
def member_of(wheel: str, name: str) -> bytes:
    """A native file of a built wheel, by a part of the wheel's name and the start of its name."""
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
    binary = read(member_of("cp312-abi3-manylinux_2_28_aarch64", "iree-run-module"))
    assert (binary.system, binary.cpus) == ("linux", frozenset({"aarch64"}))
    assert "libc.so.6" in binary.needed
    assert ("libc.so.6", "GLIBC_2.17") in binary.symbol_versions
    assert not binary.extension


def test_an_elf_extension() -> None:
    binary = read(member_of("cp312-abi3-manylinux_2_28_x86_64", "_runtime"))
    assert binary.extension
    assert "PyErr_Clear" in binary.python_symbols
    assert not binary.executable_stack


def test_an_elf_search_path() -> None:
    binary = read(member_of("cp312-abi3-manylinux_2_28_x86_64", "iree-tracy-capture"))
    assert binary.search_paths == ("$ORIGIN/../../iree_base_runtime.libs",)
    assert any(name.startswith("libzstd-") for name in binary.needed)


def test_a_pe_extension() -> None:
    binary = read(member_of("win_amd64", "_runtime"))
    assert (binary.system, binary.cpus) == ("windows", frozenset({"x86_64"}))
    assert "python3.dll" in binary.needed
    assert binary.extension
    assert "PyErr_Clear" in binary.python_symbols


def test_a_macho_extension() -> None:
    binary = read(member_of("macosx", "_runtime"))
    assert (binary.system, binary.cpus) == ("macos", frozenset({"aarch64"}))
    assert binary.minimum_os == (("aarch64", (13, 0)),)
    assert "/usr/lib/libSystem.B.dylib" in binary.needed
    assert binary.unsigned == frozenset()
    assert binary.extension
    assert "PyErr_Clear" in binary.python_symbols


X86 = "cp312-abi3-manylinux_2_28_x86_64"
ARM = "cp312-abi3-manylinux_2_28_aarch64"
MACOS, IOS = 1, 2  # platforms of LC_BUILD_VERSION


def edited(wheel: str, name: str, old: bytes, new: bytes) -> bytes:
    """A real file with a unique sequence of bytes replaced by another of the same length."""
    content = member_of(wheel, name)
    assert content.count(old) == 1
    assert len(old) == len(new)
    return content.replace(old, new)


def test_an_elf_file_without_section_headers_has_the_same_facts() -> None:
    """Catches: facts that a stripped file could hide; the loader uses only segments."""
    content = bytearray(member_of(X86, "_runtime"))
    struct.pack_into("<Q", content, 0x28, 0)
    struct.pack_into("<H", content, 0x3C, 0)
    assert read(bytes(content)) == read(member_of(X86, "_runtime"))


@pytest.mark.parametrize(
    ("wheel", "kind", "flags", "executable"),
    [
        (X86, 0x6474E551, 6, False),
        (X86, 0x6474E551, 7, True),
        (X86, 0, 6, True),
        (ARM, 0x6474E551, 7, True),
        (ARM, 0, 6, False),  # on aarch64, glibc's stack is not executable by default
    ],
)
def test_a_stack_is_executable_if_requested_or_by_default(
    wheel: str, kind: int, flags: int, executable: bool
) -> None:
    """Catches: a library from assembly without .note.GNU-stack, where glibc makes it executable."""
    old, new = struct.pack("<LL", 0x6474E551, 6), struct.pack("<LL", kind, flags)
    assert read(edited(wheel, "iree-cpuinfo", old, new)).executable_stack is executable


@pytest.mark.parametrize(
    ("wheel", "offset", "number", "cpu"),
    [
        (X86, 18, 183, "aarch64"),
        (X86, 18, 0x1307, "machine 0x1307"),
        ("win_amd64", None, 0xAA64, "aarch64"),
        ("win_amd64", None, 0x1307, "machine 0x1307"),
        ("macosx", 4, 0x0007, "x86_64"),
        ("macosx", 4, 0x1307, "machine 0x1001307"),
    ],
)
def test_a_processor_has_its_name_or_number(
    wheel: str, offset: int | None, number: int, cpu: str
) -> None:
    """Catches: a processor that LIEF has no name for, of which it only warns."""
    content = bytearray(member_of(wheel, "iree-cpuinfo"))
    if offset is None:
        offset = int(struct.unpack_from("<L", content, 60)[0]) + 4
    struct.pack_into("<H", content, offset, number)
    assert read(bytes(content)).cpus == frozenset({cpu})


def with_strange_symbol(content: bytes) -> bytes:
    """Gives the first symbol of LC_SYMTAB a type that does not exist: N_TYPE is 8."""
    commands = content.index(struct.pack("<LL", 2, 24))
    changed = bytearray(content)
    changed[struct.unpack_from("<L", content, commands + 8)[0] + 4] = 8
    return bytes(changed)


def test_nothing_is_printed_about_a_strange_file(tmp_path: Path) -> None:
    """Catches: a parser's warnings in the middle of the gate's progress bar."""
    elf, macho = member_of(X86, "iree-cpuinfo"), member_of("macosx", "_runtime")
    # Unknown machine, byte order, segment type and symbol type; truncated within the headers.
    strange = elf[:5] + b"\xff" + elf[6:18] + b"\x07\x13" + elf[20:64] + b"\x99" + elf[65:]
    (tmp_path / "elf").write_bytes(strange)
    (tmp_path / "macho").write_bytes(with_strange_symbol(macho))
    (tmp_path / "cut").write_bytes(macho[:2000])
    program = (
        "import pathlib, sys\n"
        f"sys.path[:0] = {sys.path!r}\n"
        "from release.gate.binary import parse\n"
        "from release.gate.binary.facts import BinaryError\n"
        "for path in map(pathlib.Path, sys.argv[1:]):\n"
        "    try:\n"
        "        parse.read(path)\n"
        "    except BinaryError:\n"
        "        pass\n"
    )
    paths = [str(path) for path in sorted(tmp_path.iterdir())]
    done = subprocess.run(
        [sys.executable, "-W", "always::RuntimeWarning", "-c", program, *paths],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def fat(*parts: tuple[int, bytes]) -> bytes:
    """A universal Mach-O file: pairs of Mach-O's processor number and the code."""
    header = struct.pack(">LL", 0xCAFEBABE, len(parts))
    body = b""
    start = 1 << 14
    for cpu, content in parts:
        header += struct.pack(">5L", cpu, 0, start + len(body), len(content), 14)
        body += content + bytes(-len(content) % start)
    return header.ljust(start, b"\0") + body


def for_intel(content: bytes, minimum: int, platform: int = MACOS) -> bytes:
    """Relabels an arm64 file as one for x86_64 and another minimum system."""
    old = struct.pack("<4L", 0x32, 32, MACOS, 13 << 16)
    assert content.count(old) == 1
    content = content.replace(old, struct.pack("<4L", 0x32, 32, platform, minimum << 16))
    return content[:4] + struct.pack("<L", 0x01000007) + content[8:]


def test_the_parts_of_a_universal_file_are_parsed_separately() -> None:
    arm = member_of("macosx", "iree-cpuinfo")
    intel = for_intel(arm, 12).replace(struct.pack("<LL", 0x1D, 16), struct.pack("<LL", 0x26, 16))
    binary = read(fat((0x0100000C, arm), (0x01000007, intel)))
    assert binary.cpus == frozenset({"aarch64", "x86_64"})
    assert dict(binary.minimum_os) == {"aarch64": (13, 0), "x86_64": (12, 0)}
    assert binary.unsigned == frozenset({"x86_64"})


def test_the_minimum_version_of_another_apple_system_is_ignored() -> None:
    """Catches: a library for iOS 13, which declares 13.0 like one for macOS."""
    assert read(for_intel(member_of("macosx", "iree-cpuinfo"), 13, IOS)).minimum_os == ()


@pytest.mark.parametrize("wheel", ["manylinux_2_28_aarch64", "win_amd64", "macosx"])
def test_a_truncated_file_is_refused(wheel: str) -> None:
    """Catches: a partial download, or a full disk, whose first headers are still valid."""
    whole = member_of(f"cp312-abi3-{wheel}" if "linux" in wheel else wheel, "iree-cpuinfo")
    for share in (0.05, 0.5, 0.9):
        with pytest.raises(BinaryError):
            read(whole[: int(len(whole) * share)])


@pytest.mark.parametrize(
    "content",
    [b"", b"#!/bin/sh\n", b"PK\x03\x04", b"MZ no program", b"\xca\xfe\xba\xbe\0\0\0\x3d class"],
)
def test_other_files_are_not_native_files(content: bytes) -> None:
    assert identify(content) is None
    with pytest.raises(BinaryError, match="not a native file"):
        read(content)


@pytest.mark.parametrize("wheel", ["cp312-abi3-manylinux_2_28_x86_64", "win_amd64", "macosx"])
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(data=st.data())
def test_damaged_headers_give_facts_or_an_error(wheel: str, data: st.DataObject) -> None:
    """Catches: a parser that crashes on an invalid offset, count or name."""
    content = bytearray(member_of(wheel, "iree-cpuinfo"))
    # Headers are at the beginning, tables of symbols and strings further on.
    places = st.one_of(st.integers(0, 1500), st.integers(0, len(content) - 1))
    for place, value in data.draw(st.lists(st.tuples(places, st.integers(0, 255)), max_size=12)):
        content[place] = value
    try:
        read(bytes(content))
    except BinaryError as error:
        assert str(error)
