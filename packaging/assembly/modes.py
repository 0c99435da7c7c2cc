"""The mode that a file has in a wheel, a dist or an image: one of two, whatever a disk says.

A mode on disk depends on where the file came from: Bazel marks what it restores from a cache, and
what it stages for a worker, as executable, and a checkout follows the user's umask. So a mode is
taken from the content, or from a declaration: of the rule that places the file, or of the archive
that brings it.
"""

from __future__ import annotations

import struct

from assembly import binary

EXECUTABLE = 0o755
PLAIN = 0o644

# Of native files, those that no system loads: what a linker reads, and what a debugger reads.
_ELF_RELOCATABLE = 1
_MACHO_OBJECT = 1
_MACHO_DEBUG_SYMBOLS = 10


def declared(executable: object) -> int:
    """The mode of a file that is declared to be executable, or not."""
    return EXECUTABLE if executable else PLAIN


def of_content(header: bytes) -> int:
    """The mode of a file that starts with `header`: programs, libraries and scripts are executable.

    Args:
      header: the first binary.HEADER_BYTES of the file, or all of it when it is shorter.
    """
    return declared(header.startswith(b"#!") or _is_loaded(header))


def _is_loaded(header: bytes) -> bool:
    """Whether a system loads the file as a program or a library."""
    native = binary.identify(header)
    if native is None:
        return False
    if header.startswith(b"\x7fELF"):
        order = ">" if header[5] == 2 else "<"
        return struct.unpack_from(order + "H", header, 16) != (_ELF_RELOCATABLE,)
    if header.startswith(b"\xcf\xfa\xed\xfe") and len(header) >= 16:
        kind = struct.unpack_from("<L", header, 12)[0]
        return kind not in (_MACHO_OBJECT, _MACHO_DEBUG_SYMBOLS)
    return True
