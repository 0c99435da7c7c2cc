"""What a native file says of itself."""

from __future__ import annotations

from dataclasses import dataclass, field


class BinaryError(Exception):
    """A native file cannot be read; the message says why."""


@dataclass(frozen=True, slots=True)
class Binary:
    """The headers of a native file, whatever its format."""

    system: str
    """linux (ELF), windows (PE) or macos (Mach-O)."""
    cpus: frozenset[str]
    """Processors it holds code for; several in a universal Mach-O file."""
    needed: tuple[str, ...] = ()
    """Libraries it is linked to, as it names them."""
    versions: tuple[tuple[str, str], ...] = ()
    """Library and symbol version that it needs of it, such as GLIBC_2.17; ELF only."""
    search: tuple[str, ...] = ()
    """Directories that it has searched for libraries: RPATH, RUNPATH, LC_RPATH."""
    name: str = ""
    """What others link to it by: SONAME, the install name."""
    executable_stack: bool = False
    """Whether it asks for one, or says nothing where the C library then makes one."""
    minimum_os: tuple[tuple[str, tuple[int, int]], ...] = ()
    """Processor and the oldest macOS that the code for it says it runs on; Mach-O only."""
    unsigned: frozenset[str] = field(default_factory=frozenset)
    """Processors whose code has no signature; Mach-O only."""
    python_symbols: frozenset[str] = field(default_factory=frozenset)
    """What an extension module takes from the interpreter."""
    extension: bool = False
    """Whether it has the entry of an extension module."""


MACHINES = {
    "elf": {62: "x86_64", 183: "aarch64"},
    "pe": {0x8664: "x86_64", 0xAA64: "aarch64"},
    "macho": {0x01000007: "x86_64", 0x0100000C: "aarch64"},
}
"""Processors by the numbers that formats give them."""


def processor(kind: str, number: int) -> str:
    """Name of a processor; one without a name here is given by its number, and matches no tag."""
    return MACHINES[kind].get(number, f"machine {number:#x}")


_THIN = (
    b"\xcf\xfa\xed\xfe",
    b"\xce\xfa\xed\xfe",
    b"\xfe\xed\xfa\xcf",
    b"\xfe\xed\xfa\xce",
)
"""Magic numbers of Mach-O files for one processor: 64 and 32 bits, little and big endian."""


def identify(header: bytes) -> str | None:
    """elf, pe or macho, by a file's first bytes; None for what is no native file.

    Args:
      header: at least the first 4096 bytes of the file, or all of it.
    """
    if header.startswith(b"\x7fELF"):
        return "elf"
    if header.startswith(b"MZ"):
        start = int.from_bytes(header[60:64], "little")
        # Without a PE header it is a DOS program, if one at all.
        return "pe" if header[start : start + 4] == b"PE\0\0" or start > len(header) else None
    if header[:4] in _THIN:
        return "macho"
    # A Java class shares the magic of universal files; its version stands where the count does.
    fat = (b"\xca\xfe\xba\xbe", b"\xca\xfe\xba\xbf")
    if header[:4] in fat and int.from_bytes(header[4:8], "big") < 40:
        return "macho"
    return None
