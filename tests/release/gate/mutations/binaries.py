"""Mutations of native files."""

from __future__ import annotations

import struct
from collections.abc import Callable

from release.model.finding import Check
from tests.release.gate.mutations.editable import EditableWheel
from tests.release.gate.mutations.mutation import (
    ARM,
    MAC,
    WINDOWS,
    X86,
    Mutation,
    grafted,
    in_binary,
    in_wheel,
)


def _machine(magic: bytes, offset: int, value: int) -> Callable[[EditableWheel], None]:
    def change(wheel: EditableWheel) -> None:
        path = wheel.native("iree-cpuinfo")
        content = bytearray(wheel.members[path])
        assert content.startswith(magic)
        struct.pack_into("<H", content, offset, value)
        wheel.members[path] = bytes(content)

    return change


def _cut_binary(wheel: EditableWheel) -> None:
    path = wheel.native("iree-cpuinfo")
    wheel.members[path] = wheel.members[path][:700]


def _pe_machine(wheel: EditableWheel) -> None:
    path = wheel.native("iree-cpuinfo")
    content = bytearray(wheel.members[path])
    (start,) = struct.unpack_from("<L", content, 60)
    struct.pack_into("<H", content, start + 4, 0xAA64)
    wheel.members[path] = bytes(content)


def _minimum_os(wheel: EditableWheel) -> None:
    """Raises the minimum system in LC_BUILD_VERSION (0x32) from 13.0 to 26.0."""
    path = wheel.native("iree-cpuinfo")
    content = wheel.members[path]
    assert struct.pack("<LLLL", 0x32, 32, 1, 13 << 16) in content
    wheel.edit(
        path,
        struct.pack("<LLLL", 0x32, 32, 1, 13 << 16),
        struct.pack("<LLLL", 0x32, 32, 1, 26 << 16),
    )


def _unsigned(wheel: EditableWheel) -> None:
    """Turns LC_CODE_SIGNATURE (0x1D) into LC_FUNCTION_STARTS (0x26), which has the same layout."""
    path = wheel.native("iree-cpuinfo")
    wheel.edit(path, struct.pack("<LL", 0x1D, 16), struct.pack("<LL", 0x26, 16))


def _executable_stack(wheel: EditableWheel) -> None:
    """Sets the flags of PT_GNU_STACK from RW to RWX."""
    path = wheel.native("iree-cpuinfo")
    wheel.edit(path, struct.pack("<LL", 0x6474E551, 6), struct.pack("<LL", 0x6474E551, 7))


def _stamped(wheel: EditableWheel) -> None:
    wheel.members[wheel.native("iree-cpuinfo")] += b"\0003.12.0rc20260914\0"


def _without_library(wheel: EditableWheel) -> None:
    del wheel.members[wheel.native("libzstd")]


BINARIES = [
    Mutation(
        "a program of another version", Check.STAMP, in_wheel(*X86, change=_stamped), "3.12.0rc"
    ),
    Mutation(
        "an executable stack", Check.EXECUTABLE_STACK, in_wheel(*X86, change=_executable_stack)
    ),
    Mutation(
        "a link to libpython",
        Check.PYTHON_LINK,
        in_binary(*X86, member="_runtime.abi3", old=b"libpthread.so.0\0", new=b"libpython3.1.so\0"),
    ),
    Mutation(
        "an x86_64 tool in the aarch64 wheel",
        Check.BINARY_CPU,
        lambda r: grafted(r, ARM, X86, "iree/_runtime_libs/iree-more"),
    ),
    Mutation(
        "a Linux tool in the Windows wheel",
        Check.BINARY_SYSTEM,
        lambda r: grafted(r, WINDOWS, X86, "iree/_runtime_libs/iree-more.exe"),
    ),
    Mutation(
        "another ELF machine",
        Check.BINARY_CPU,
        in_wheel(*X86, change=_machine(b"\x7fELF", 18, 243)),
    ),
    Mutation("another PE machine", Check.BINARY_CPU, in_wheel(*WINDOWS, change=_pe_machine)),
    Mutation("a truncated native file", Check.BINARY_BROKEN, in_wheel(*X86, change=_cut_binary)),
    Mutation(
        "a GLIBC symbol that is too new",
        Check.SYMBOL_VERSION,
        in_binary(*X86, member="iree-run-module", old=b"GLIBC_2.14\0", new=b"GLIBC_2.39\0"),
    ),
    Mutation(
        "a search path to a home directory",
        Check.RPATH,
        in_binary(
            *X86, member="iree-tracy-capture", old=b"$ORIGIN/../../", new=b"/%s/x/../../" % b"home"
        ),
    ),
    Mutation(
        "a search path outside the wheel",
        Check.RPATH,
        in_binary(
            *X86, member="iree-tracy-capture", old=b"$ORIGIN/../../iree", new=b"$ORIGIN/../../../x"
        ),
    ),
    Mutation(
        "a library outside the policy",
        Check.LIBRARY,
        in_binary(*X86, member="iree-run-module", old=b"libm.so.6\0", new=b"libX.so.9\0"),
    ),
    Mutation(
        "a bundled library that is missing",
        Check.LIBRARY,
        in_wheel(*X86, change=_without_library),
    ),
    Mutation(
        "a DLL that Windows does not have",
        Check.LIBRARY,
        in_binary(*WINDOWS, member="iree-run-module", old=b"KERNEL32.dll\0", new=b"KERNEL99.dll\0"),
    ),
    Mutation("a newer minimum system", Check.MINIMUM_OS, in_wheel(*MAC, change=_minimum_os)),
    Mutation("no signature on arm64", Check.SIGNATURE, in_wheel(*MAC, change=_unsigned)),
    Mutation(
        "a library of a package manager on macOS",
        Check.INSTALL_NAME,
        in_binary(
            *MAC, member="iree-run-module", old=b"/usr/lib/libSystem", new=b"/opt/brew/libSyste"
        ),
    ),
    Mutation(
        "a symbol outside the stable ABI",
        Check.ABI3,
        in_binary(*X86, member="_runtime.abi3", old=b"\0PyErr_Clear\0", new=b"\0PyGen_Check\0"),
    ),
]
