"""Parses the headers of native files with LIEF and macholib."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import lief
from macholib import MachO, mach_o

from release.gate.binary.facts import Binary, BinaryError, identify, processor

lief.logging.disable()

_HEADER = 4096
_ELF_MACHINE = 18  # offset of e_machine
_PE_MACHINE = 4  # offset of Machine from the PE signature
_EXECUTABLE_BY_DEFAULT = frozenset({"x86_64"})
"""Where glibc makes the stack executable if a file lacks PT_GNU_STACK (DEFAULT_STACK_PERMS)."""
_PYTHON = ("Py", "_Py")
_ENTRY = "PyInit_"
_UNDEFINED = 0  # SHN_UNDEF
_LIBRARY_COMMANDS = frozenset(
    {
        mach_o.LC_LOAD_DYLIB,
        mach_o.LC_LOAD_WEAK_DYLIB,
        mach_o.LC_REEXPORT_DYLIB,
        mach_o.LC_LAZY_LOAD_DYLIB,
        mach_o.LC_LOAD_UPWARD_DYLIB,
    }
)
_LARGEST_WITH_SYMBOLS = 64 << 20
"""LIEF loads all symbols of a Mach-O file, which takes a gigabyte for the compiler's library."""
_TRUNCATED = "truncated: its headers refer to data beyond its end"


def read(path: Path) -> Binary:
    """Parses a native file.

    Args:
      path: a file in a format that `identify` knows.

    Raises:
      BinaryError: its headers are malformed.
    """
    with path.open("rb") as file:
        kind = identify(file.read(_HEADER))
    if kind is None:
        raise BinaryError("not a native file")
    try:
        with warnings.catch_warnings():
            # LIEF warns about numbers that it has no name for, such as those of rare processors.
            warnings.simplefilter("ignore", RuntimeWarning)
            return _READERS[kind](path)
    except BinaryError:
        raise
    # LIEF and macholib may raise any exception for malformed headers.
    except Exception as error:
        raise BinaryError(f"its headers are malformed ({error})") from error


def _elf(path: Path) -> Binary:
    config = lief.ELF.ParserConfig()
    # Skip what no rule needs, which would take most of the time and memory.
    config.parse_relocations = False
    config.parse_symtab_symbols = False
    config.parse_notes = False
    config.parse_overlay = False
    binary = lief.ELF.parse(str(path), config)
    if not isinstance(binary, lief.ELF.Binary):
        raise BinaryError("its ELF headers are malformed")
    _check_complete(binary, path)
    search_paths: list[str] = []
    link_name = ""
    for entry in binary.dynamic_entries:
        if isinstance(entry, lief.ELF.DynamicEntryRunPath):
            search_paths += str(entry.runpath).split(":")
        elif isinstance(entry, lief.ELF.DynamicEntryRpath):
            search_paths += str(entry.rpath).split(":")
        elif isinstance(entry, lief.ELF.DynamicSharedObject):
            link_name = str(entry.name)
    order: Literal["big", "little"] = (
        "big" if binary.header.identity_data is lief.ELF.Header.ELF_DATA.MSB else "little"
    )
    cpu = processor("elf", _number(path, _ELF_MACHINE, order))
    stack = binary.get(lief.ELF.Segment.TYPE.GNU_STACK)
    # Not `symbol.imported`, for which LIEF needs the relocations that are skipped above.
    symbols = [(str(symbol.name), symbol.shndx == _UNDEFINED) for symbol in binary.dynamic_symbols]
    return Binary(
        system="linux",
        cpus=frozenset({cpu}),
        needed=tuple(str(library) for library in binary.libraries),
        symbol_versions=tuple(
            (str(requirement.name), str(version.name))
            for requirement in binary.symbols_version_requirement
            for version in requirement.get_auxiliary_symbols()
        ),
        search_paths=tuple(filter(None, search_paths)),
        link_name=link_name,
        executable_stack=stack.has(lief.ELF.Segment.FLAGS.X)
        if stack
        else cpu in _EXECUTABLE_BY_DEFAULT and _is_loaded(binary),
        python_symbols=frozenset(
            name for name, imported in symbols if imported and name.startswith(_PYTHON)
        ),
        extension=any(name.startswith(_ENTRY) and not imported for name, imported in symbols),
    )


def _is_loaded(binary: lief.ELF.Binary) -> bool:
    """Whether it is a program or a library, and not an object file."""
    return any(segment.type == lief.ELF.Segment.TYPE.LOAD for segment in binary.segments)


def _check_complete(binary: lief.ELF.Binary, path: Path) -> None:
    """Compares the headers with the file's size: a truncated file still has its first headers."""
    size = path.stat().st_size
    header = binary.header
    ends = [s.file_offset + s.physical_size for s in binary.segments]
    ends.append(
        header.section_header_offset + header.numberof_sections * header.section_header_size
    )
    if max(ends) > size:
        raise BinaryError(_TRUNCATED)


def _pe(path: Path) -> Binary:
    config = lief.PE.ParserConfig()
    config.parse_rsrc = False
    config.parse_signature = False
    config.parse_reloc = False
    binary = lief.PE.parse(str(path), config)
    if not isinstance(binary, lief.PE.Binary):
        raise BinaryError("its PE headers are malformed")
    start = int(binary.dos_header.addressof_new_exeheader)
    size = path.stat().st_size
    for section in binary.sections:
        if section.offset + section.sizeof_raw_data > size:
            raise BinaryError(_TRUNCATED)
    imports = [(str(i.name), [str(e.name) for e in i.entries]) for i in binary.imports]
    imports += [(str(i.name), [str(e.name) for e in i.entries]) for i in binary.delay_imports]
    export = binary.get_export()
    exported = [str(entry.name) for entry in export.entries] if export else []
    return Binary(
        system="windows",
        cpus=frozenset({processor("pe", _number(path, start + _PE_MACHINE))}),
        needed=tuple(library for library, _ in imports),
        python_symbols=frozenset(
            symbol
            for library, symbols in imports
            if library.lower().startswith("python")
            for symbol in symbols
            if symbol.startswith(_PYTHON)
        ),
        extension=any(symbol.startswith(_ENTRY) for symbol in exported),
    )


def _macho(path: Path) -> Binary:
    cpus: set[str] = set()
    needed: dict[str, None] = {}
    search_paths: dict[str, None] = {}
    link_name = ""
    minimum_os: dict[str, tuple[int, int]] = {}
    unsigned: set[str] = set()
    size = path.stat().st_size
    for part in MachO.MachO(str(path)).headers:  # type: ignore[no-untyped-call]
        cpu = processor("macho", int(part.header.cputype) & 0xFFFFFFFF)
        cpus.add(cpu)
        signed = False
        for command, body, data in part.commands:
            if command.cmd in _LIBRARY_COMMANDS:
                needed[_text(data)] = None
            elif command.cmd == mach_o.LC_RPATH:
                search_paths[_text(data)] = None
            elif command.cmd == mach_o.LC_ID_DYLIB:
                link_name = _text(data)
            elif command.cmd == mach_o.LC_BUILD_VERSION:
                # A file may name other platforms besides macOS, such as Catalyst.
                if int(body.platform) == mach_o.PLATFORM_MACOS:
                    minimum_os[cpu] = _system(int(body.minos))
            elif command.cmd == mach_o.LC_VERSION_MIN_MACOSX:
                minimum_os[cpu] = _system(int(body.version))
            elif command.cmd == mach_o.LC_CODE_SIGNATURE:
                signed = True
            elif (
                command.cmd == mach_o.LC_SEGMENT_64
                and part.offset + int(body.fileoff) + int(body.filesize) > size
            ):
                raise BinaryError(_TRUNCATED)
        if not signed:
            unsigned.add(cpu)
    if not cpus:
        raise BinaryError("contains no code for any processor")
    symbols, extension = _macho_symbols(path)
    return Binary(
        system="macos",
        cpus=frozenset(cpus),
        needed=tuple(needed),
        search_paths=tuple(search_paths),
        link_name=link_name,
        minimum_os=tuple(minimum_os.items()),
        unsigned=frozenset(unsigned),
        python_symbols=symbols,
        extension=extension,
    )


def _macho_symbols(path: Path) -> tuple[frozenset[str], bool]:
    """The symbols imported from Python, and whether the file is an extension module."""
    if path.stat().st_size > _LARGEST_WITH_SYMBOLS:
        return frozenset(), False
    config = lief.MachO.ParserConfig.quick
    binary = lief.MachO.parse(str(path), config)
    if not isinstance(binary, lief.MachO.FatBinary) or not binary.size:
        raise BinaryError("its Mach-O headers are malformed")
    imported: set[str] = set()
    extension = False
    for part in binary:
        for symbol in part.symbols:
            plain = str(symbol.name).removeprefix("_")
            if symbol.type == lief.MachO.Symbol.TYPE.UNDEFINED:
                imported |= {plain} if plain.startswith(_PYTHON) else set()
            else:
                extension |= plain.startswith(_ENTRY)
    return frozenset(imported), extension


def _system(packed: int) -> tuple[int, int]:
    """(13, 0) of 0x000D0000."""
    return packed >> 16, packed >> 8 & 0xFF


def _number(path: Path, offset: int, order: Literal["big", "little"] = "little") -> int:
    """A two-byte machine number; LIEF's enumeration has only the machines that it knows."""
    with path.open("rb") as file:
        file.seek(offset)
        return int.from_bytes(file.read(2), order)


def _text(data: bytes) -> str:
    return data.split(b"\0")[0].decode(errors="replace")


_READERS: dict[str, Callable[[Path], Binary]] = {"elf": _elf, "pe": _pe, "macho": _macho}
