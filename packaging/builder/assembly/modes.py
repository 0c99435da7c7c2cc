"""The modes of files in wheels, dists and images: executable or plain, whatever they are on disk.

The mode on disk depends on where the file came from: Bazel marks what it restores from a cache or
stages for a worker as executable, and a checkout follows the user's umask. So the mode is decided
by the content of the file, by the rule that places it, or by the archive that contains it.
"""

from __future__ import annotations

import struct

from builder.assembly import binary

EXECUTABLE = 0o755
PLAIN = 0o644

# Native files that no system loads: input of linkers and debuggers.
_ELF_RELOCATABLE = 1
_MACHO_OBJECT = 1
_MACHO_DEBUG_SYMBOLS = 10


def declared(executable: object) -> int:
    """Returns the mode of a file that is declared to be executable or not."""
    return EXECUTABLE if executable else PLAIN


def of_content(header: bytes) -> int:
    """Returns the mode of a file by its content: programs, libraries and scripts are executable.

    Args:
      header: the first binary.HEADER_BYTES of the file, or all of it if it is shorter.
    """
    return declared(header.startswith(b"#!") or _is_loaded(header))


def _is_loaded(header: bytes) -> bool:
    """Returns whether a system loads the file as a program or a library."""
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
