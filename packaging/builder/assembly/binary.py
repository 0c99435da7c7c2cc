"""The format and processor of a native file, read from its first bytes.

This decides only whether a file belongs on a platform. The gate, which parses the whole file,
checks imports, symbol versions and minimum systems.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

HEADER_BYTES = 4096
"""How many bytes of a file `identify` needs."""

_ELF_MACHINES = {62: "x86_64", 183: "aarch64"}
_PE_MACHINES = {0x8664: "x86_64", 0xAA64: "aarch64"}
_MACHO_CPUS = {0x01000007: "x86_64", 0x0100000C: "aarch64"}
_FAT_MAGIC = 0xCAFEBABE
_JAVA_MAJOR = 43  # Java classes have the fat magic too; their version is where the count is


@dataclass(frozen=True, slots=True)
class Binary:
    """A native file."""

    system: str
    """linux, windows or macos: the system that loads the format."""
    cpus: frozenset[str]
    """The processors that it has code for; several in a universal Mach-O file."""


def identify(header: bytes) -> Binary | None:
    """Returns what a file that starts with `header` is, or None if it is not a native file.

    Unknown processors are represented by their number, which matches no platform.
    """
    if header[:4] == b"\x7fELF" and len(header) >= 20:
        order = ">" if header[5] == 2 else "<"
        (machine,) = struct.unpack_from(order + "H", header, 18)
        return Binary("linux", frozenset({_ELF_MACHINES.get(machine, str(machine))}))
    if header[:2] == b"MZ" and len(header) >= 64:
        (offset,) = struct.unpack_from("<L", header, 60)
        if header[offset : offset + 4] == b"PE\0\0" and len(header) >= offset + 6:
            (machine,) = struct.unpack_from("<H", header, offset + 4)
            return Binary("windows", frozenset({_PE_MACHINES.get(machine, str(machine))}))
    if header[:4] == b"\xcf\xfa\xed\xfe" and len(header) >= 8:
        (cpu,) = struct.unpack_from("<L", header, 4)
        return Binary("macos", frozenset({_MACHO_CPUS.get(cpu, str(cpu))}))
    if len(header) >= 8:
        magic, count = struct.unpack_from(">LL", header, 0)
        if magic == _FAT_MAGIC and count < _JAVA_MAJOR and len(header) >= 8 + 20 * count:
            cpus = (struct.unpack_from(">L", header, 8 + 20 * i)[0] for i in range(count))
            return Binary("macos", frozenset(_MACHO_CPUS.get(cpu, str(cpu)) for cpu in cpus))
    return None
