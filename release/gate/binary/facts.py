"""Facts from the headers of native files, and the detection of their formats."""

from __future__ import annotations

from dataclasses import dataclass, field


class BinaryError(Exception):
    """A native file cannot be read; the message says why."""


@dataclass(frozen=True, slots=True)
class Binary:
    """The headers of a native file, in any format."""

    system: str
    """linux (ELF), windows (PE) or macos (Mach-O)."""
    cpus: frozenset[str]
    """Processors that it contains code for; several in a universal Mach-O file."""
    needed: tuple[str, ...] = ()
    """Libraries that it links to, as written in the file."""
    symbol_versions: tuple[tuple[str, str], ...] = ()
    """Each library with a symbol version needed from it, such as GLIBC_2.17; ELF only."""
    search_paths: tuple[str, ...] = ()
    """Directories that the loader searches for libraries: RPATH, RUNPATH, LC_RPATH."""
    link_name: str = ""
    """The name under which others link to it: SONAME, the install name."""
    executable_stack: bool = False
    """Whether it requests one, or declares nothing where the C library then makes one."""
    minimum_os: tuple[tuple[str, tuple[int, int]], ...] = ()
    """Each processor with the oldest macOS that the code for it declares; Mach-O only."""
    unsigned: frozenset[str] = field(default_factory=frozenset)
    """Processors whose code is not signed; Mach-O only."""
    python_symbols: frozenset[str] = field(default_factory=frozenset)
    """Symbols that an extension module imports from the interpreter."""
    extension: bool = False
    """Whether it has an extension module's entry point."""


MACHINES = {
    "elf": {62: "x86_64", 183: "aarch64"},
    "pe": {0x8664: "x86_64", 0xAA64: "aarch64"},
    "macho": {0x01000007: "x86_64", 0x0100000C: "aarch64"},
}
"""Processors, by format and machine number."""


def processor(kind: str, number: int) -> str:
    """Name of a processor; its number if it is unknown, which matches no tag."""
    return MACHINES[kind].get(number, f"machine {number:#x}")


_THIN = (
    b"\xcf\xfa\xed\xfe",
    b"\xce\xfa\xed\xfe",
    b"\xfe\xed\xfa\xcf",
    b"\xfe\xed\xfa\xce",
)
"""Magic numbers of Mach-O files for one processor: 64 and 32 bits, little and big endian."""


def identify(header: bytes) -> str | None:
    """elf, pe or macho, from a file's first bytes; None if it is not a native file.

    Args:
      header: at least the first 4096 bytes of the file, or all of it.
    """
    if header.startswith(b"\x7fELF"):
        return "elf"
    if header.startswith(b"MZ"):
        start = int.from_bytes(header[60:64], "little")
        # Without a PE header it is a DOS program, or not a program.
        return "pe" if header[start : start + 4] == b"PE\0\0" or start > len(header) else None
    if header[:4] in _THIN:
        return "macho"
    # Java classes have the magic number of universal files too, and their version, at least 45,
    # in place of the number of processors.
    fat = (b"\xca\xfe\xba\xbe", b"\xca\xfe\xba\xbf")
    if header[:4] in fat and int.from_bytes(header[4:8], "big") < 40:
        return "macho"
    return None
