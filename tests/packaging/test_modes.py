"""The mode of a file follows from its content."""

from __future__ import annotations

import struct

import pytest

from builder.assembly import modes

EXECUTABLE, PLAIN = 0o755, 0o644


def elf(kind: int, order: str = "<") -> bytes:
    """Returns the header of an ELF file with this e_type, for x86_64."""
    ident = b"\x7fELF\x02" + (b"\x01" if order == "<" else b"\x02") + bytes(10)
    return ident + struct.pack(order + "HH", kind, 62)


def macho(kind: int) -> bytes:
    """Returns the header of a Mach-O file with this filetype, for arm64."""
    return struct.pack("<LLLL", 0xFEEDFACF, 0x0100000C, 0, kind)


def pe() -> bytes:
    """Returns the header of a PE file, for x86_64."""
    return b"MZ" + bytes(58) + struct.pack("<L", 64) + b"PE\0\0" + struct.pack("<H", 0x8664)


@pytest.mark.parametrize(
    ("header", "mode"),
    [
        pytest.param(elf(2), EXECUTABLE, id="an ELF program"),
        pytest.param(elf(3), EXECUTABLE, id="an ELF library"),
        pytest.param(elf(3, ">"), EXECUTABLE, id="an ELF library of a big-endian processor"),
        pytest.param(elf(1), PLAIN, id="an ELF object"),
        pytest.param(elf(1, ">"), PLAIN, id="an ELF object of a big-endian processor"),
        pytest.param(macho(2), EXECUTABLE, id="a Mach-O program"),
        pytest.param(macho(6), EXECUTABLE, id="a Mach-O library"),
        pytest.param(macho(8), EXECUTABLE, id="a Mach-O bundle"),
        pytest.param(macho(1), PLAIN, id="a Mach-O object"),
        pytest.param(macho(10), PLAIN, id="Mach-O debug symbols"),
        pytest.param(
            struct.pack(">LLLLLLL", 0xCAFEBABE, 1, 0x0100000C, 0, 1 << 14, 99, 14),
            EXECUTABLE,
            id="a universal file",
        ),
        pytest.param(struct.pack(">LHH", 0xCAFEBABE, 0, 61), PLAIN, id="a Java class"),
        pytest.param(pe(), EXECUTABLE, id="a PE program"),
        pytest.param(b"MZ, as a text may begin", PLAIN, id="a text that begins like a PE file"),
        pytest.param(b"#!/bin/sh\n", EXECUTABLE, id="a script"),
        pytest.param(b" #!/bin/sh\n", PLAIN, id="a text with a late #!"),
        pytest.param(b"!<arch>\n", PLAIN, id="a static library"),
        pytest.param(b"import this\n", PLAIN, id="a module"),
        pytest.param(b"\x7fELF", PLAIN, id="a truncated ELF file"),
        pytest.param(b"", PLAIN, id="an empty file"),
    ],
)
def test_what_runs_or_is_loaded_is_executable(header: bytes, mode: int) -> None:
    """Catches: an executable text file, or a program that is not executable, in a wheel."""
    assert modes.of_content(header) == mode


def test_declared_modes_are_one_of_two() -> None:
    """Catches: mode 0775 or 0600 of an archive in a wheel."""
    assert {modes.declared(bits & 0o111) for bits in (0o100, 0o775, 0o711)} == {EXECUTABLE}
    assert {modes.declared(bits & 0o111) for bits in (0, 0o600, 0o644, 0o666)} == {PLAIN}
