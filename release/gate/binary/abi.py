"""Checks what extension modules use of Python against a wheel's tags (PEP 384, as abi3audit)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from abi3info import DATAS, FUNCTIONS
from abi3info.models import PyVersion, Symbol

from release.gate.binary.facts import Binary
from release.model.finding import Check, Finding

_ABI3_NAME = re.compile(r"\.abi3\.(so|pyd)$")
# Python, its ABI flags (t: free-threaded, d: debug) and the machine, as in EXT_SUFFIX.
_VERSIONED_NAME = re.compile(r"\.(?:cpython-|cp)(\d+)([a-z]*)(?:-([^/.]+))?\.(?:so|pyd)$")
_MACHINES = {
    "x86_64-linux-gnu": ("linux", "x86_64"),
    "aarch64-linux-gnu": ("linux", "aarch64"),
    "win_amd64": ("windows", "x86_64"),
    "win_arm64": ("windows", "aarch64"),
}
"""System and processor of the machines in extension module names; `darwin` names no processor."""
# Not in the stable ABI, but in every extension: the Python headers inline it.
_TOLERATED = frozenset({"Py_XDECREF"})


@dataclass(frozen=True, slots=True)
class Abi:
    """The Python ABI that a wheel's tags declare."""

    python: tuple[int, int]
    """The oldest Python for abi3, otherwise the only one."""
    stable: bool
    """Whether the ABI tag is abi3."""
    flags: str = ""
    """ABI flags of another ABI tag, such as t for free-threaded."""

    @classmethod
    def from_tags(cls, tags: frozenset[str]) -> Abi | None:
        """The ABI of a wheel, from its expanded tags; None for a wheel for any Python."""
        for tag in sorted(tags):
            interpreter, abi, _ = tag.split("-", 2)
            if (match := re.fullmatch(r"cp3(\d+)", interpreter)) and abi != "none":
                flags = re.fullmatch(rf"{interpreter}([a-z]+)", abi)
                return cls((3, int(match[1])), abi == "abi3", flags[1] if flags else "")
        return None

    def __str__(self) -> str:
        """As in a file name: cp312-abi3."""
        tag = "cp{}{}".format(*self.python)
        return f"{tag}-abi3" if self.stable else f"{tag}-{tag}{self.flags}"


def check_abi(file: str, member: str, binary: Binary, abi: Abi) -> Iterator[Finding]:
    """Checks an extension module, or a library that several share, against a wheel's ABI tag."""

    def finding(message: str) -> Finding:
        return Finding(file, Check.ABI3, message, member=member)

    if name := _VERSIONED_NAME.search(member) if binary.extension else None:
        only = (3, int(name[1].removeprefix("3") or 0))
        if abi.stable or only != abi.python:
            yield finding(f"named for Python 3.{only[1]} only, but the wheel is {abi}")
            return
        if name[2] != abi.flags:
            flags = f"the ABI flags {name[2]}" if name[2] else "no ABI flags"
            yield finding(f"named for a Python with {flags}, but the wheel is {abi}")
        system, cpu = _MACHINES.get(name[3], (binary.system, min(binary.cpus)))
        if system != binary.system or cpu not in binary.cpus:
            yield finding(
                f"named for {name[3]}, but contains no code for it, so Python will not find it"
            )
    libraries = {name.lower() for name in binary.needed if name.lower().startswith("python")}
    versioned = "python{}{}.dll".format(*abi.python)
    for library in sorted(libraries - {"python3.dll"} - (set() if abi.stable else {versioned})):
        yield finding(f"links to {library}, but the wheel is {abi}")
    if abi.stable or _ABI3_NAME.search(member):
        for symbol in sorted(binary.python_symbols - _TOLERATED):
            if cause := _unstable(symbol, abi.python):
                yield finding(f"uses {symbol}, {cause}, but the wheel is {abi}")


def _unstable(symbol: str, python: tuple[int, int]) -> str:
    """Why a symbol is not in a Python's stable ABI; empty if it is."""
    known = FUNCTIONS.get(Symbol(symbol)) or DATAS.get(Symbol(symbol))
    if known is None:
        return "which is not in the stable ABI"
    if known.added > PyVersion(*python):
        return f"which was added to the stable ABI in Python {known.added}"
    return ""
