"""PE: what Windows itself brings, and what a program may else expect."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from release.gate.binary.where import Place
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
"""The Visual C++ runtime. CPython brings vcruntime140; msvcp140 comes with Microsoft's package,
which the dist's README asks for."""

_CONTRACTS = ("api-ms-win-", "ext-ms-win-")
_PYTHON = "python"


def check(place: Place) -> Iterator[Finding]:
    """Holds a PE file's imports against what is there."""
    inside = {posixpath.basename(member).lower() for member in place.members}
    for library in dict.fromkeys(place.binary.needed):
        name = library.lower()
        stem = name.removesuffix(".dll")
        known = stem in SYSTEM | REDISTRIBUTABLE or stem.startswith(_CONTRACTS) or name in inside
        if not known and not (stem.startswith(_PYTHON) and place.abi):
            yield place.wrong(
                Check.LIBRARY, f"it needs {library}, which is neither inside nor part of Windows"
            )
