"""Checks the imports of PE files against the libraries that Windows provides."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from release.gate.binary.context import BinaryContext
from release.model.finding import Check, Finding

# fmt: off
SYSTEM = frozenset({
    "advapi32", "bcrypt", "bcryptprimitives", "cfgmgr32", "combase", "comctl32", "comdlg32",
    "crypt32", "d3d11", "d3d12", "dbghelp", "dnsapi", "dxgi", "gdi32", "imagehlp", "iphlpapi",
    "kernel32", "kernelbase", "msvcrt", "mswsock", "ncrypt", "netapi32", "ntdll", "ole32",
    "oleaut32", "opengl32", "pdh", "powrprof", "propsys", "psapi", "rpcrt4", "secur32",
    "setupapi", "shell32", "shlwapi", "synchronization", "ucrtbase", "user32", "userenv",
    "uxtheme", "version", "winhttp", "wininet", "winmm", "ws2_32", "wsock32", "wtsapi32",
})
# fmt: on
"""Libraries of Windows 10 and later, without the .dll."""

# fmt: off
REDISTRIBUTABLE = frozenset({
    "concrt140", "msvcp140", "msvcp140_1", "msvcp140_2", "msvcp140_atomic_wait",
    "msvcp140_codecvt_ids", "vcruntime140", "vcruntime140_1", "vcruntime140_threads",
})
# fmt: on
"""The Visual C++ runtime. CPython includes vcruntime140; msvcp140 is part of Microsoft's
redistributable, which the dist's README requires."""

_CONTRACTS = ("api-ms-win-", "ext-ms-win-")
_PYTHON = "python"


def check(context: BinaryContext) -> Iterator[Finding]:
    """Checks that every imported library is bundled or part of Windows."""
    bundled = {posixpath.basename(member).lower() for member in context.members}
    for library in dict.fromkeys(context.binary.needed):
        name = library.lower()
        stem = name.removesuffix(".dll")
        known = stem in SYSTEM | REDISTRIBUTABLE or stem.startswith(_CONTRACTS) or name in bundled
        if not known and not (stem.startswith(_PYTHON) and context.abi):
            yield context.finding(
                Check.LIBRARY, f"needs {library}, which is neither bundled nor part of Windows"
            )
