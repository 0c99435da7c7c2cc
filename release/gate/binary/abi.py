"""What a wheel's tags let its extension modules use of Python (PEP 384; abi3audit's rules)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from abi3info import DATAS, FUNCTIONS
from abi3info.models import PyVersion, Symbol

from release.gate.binary.facts import Binary
from release.model.finding import Check, Finding

_ABI3_NAME = re.compile(r"\.abi3\.(so|pyd)$")
# Python, its ABI flags (t: free-threaded, d: debug) and the machine, as EXT_SUFFIX has them.
_FOR_ONE = re.compile(r"\.(?:cpython-|cp)(\d+)([a-z]*)(?:-([^/.]+))?\.(?:so|pyd)$")
_MACHINES = {
    "x86_64-linux-gnu": ("linux", "x86_64"),
    "aarch64-linux-gnu": ("linux", "aarch64"),
    "win_amd64": ("windows", "x86_64"),
    "win_arm64": ("windows", "aarch64"),
}
"""System and processor, by the machine in the name of an extension module; `darwin` names none."""
# Not of the stable ABI, and yet in every extension: what the compiler's own headers bring in.
_TOLERATED = frozenset({"Py_XDECREF"})


@dataclass(frozen=True, slots=True)
class Abi:
    """What a wheel's tags say of its extension modules."""

    python: tuple[int, int]
    """The oldest Python, or with another ABI the only one."""
    stable: bool
    """Whether the ABI tag is abi3."""
    flags: str = ""
    """Letters behind the Python of another ABI tag: t is free-threaded."""

    def __str__(self) -> str:
        """As in a file name: cp312-abi3."""
        tag = "cp{}{}".format(*self.python)
        return f"{tag}-abi3" if self.stable else f"{tag}-{tag}{self.flags}"


def of_tags(tags: frozenset[str]) -> Abi | None:
    """The ABI of a wheel, by its expanded tags; None for a wheel that is for any Python."""
    for tag in sorted(tags):
        interpreter, abi, _ = tag.split("-", 2)
        if (match := re.fullmatch(r"cp3(\d+)", interpreter)) and abi != "none":
            flags = re.fullmatch(rf"{interpreter}([a-z]+)", abi)
            return Abi((3, int(match[1])), abi == "abi3", flags[1] if flags else "")
    return None


def check_abi(file: str, member: str, binary: Binary, abi: Abi) -> Iterator[Finding]:
    """Holds what uses Python's interface against the wheel's Python and ABI tags.

    That is extension modules, and libraries that they share.
    """

    def wrong(message: str) -> Finding:
        return Finding(file, Check.ABI3, message, member=member)

    if named := _FOR_ONE.search(member) if binary.extension else None:
        only = (3, int(named[1].removeprefix("3") or 0))
        if abi.stable or only != abi.python:
            yield wrong(f"by its name it is for Python 3.{only[1]} alone, and the wheel is {abi}")
            return
        if named[2] != abi.flags:
            flags = f"the ABI flags {named[2]}" if named[2] else "no ABI flags"
            yield wrong(f"by its name it is for a Python with {flags}, and the wheel is {abi}")
        system, cpu = _MACHINES.get(named[3], (binary.system, min(binary.cpus)))
        if system != binary.system or cpu not in binary.cpus:
            yield wrong(
                f"by its name it is for {named[3]}, which it holds no code for, so that no "
                "Python finds it"
            )
    libraries = {name.lower() for name in binary.needed if name.lower().startswith("python")}
    one = "python{}{}.dll".format(*abi.python)
    for library in sorted(libraries - {"python3.dll"} - (set() if abi.stable else {one})):
        yield wrong(f"it is linked to {library}, and the wheel is {abi}")
    if abi.stable or _ABI3_NAME.search(member):
        for symbol in sorted(binary.python_symbols - _TOLERATED):
            if cause := _outside(symbol, abi.python):
                yield wrong(f"it uses {symbol}, {cause}, and the wheel is {abi}")


def _outside(symbol: str, python: tuple[int, int]) -> str:
    known = FUNCTIONS.get(Symbol(symbol)) or DATAS.get(Symbol(symbol))
    if known is None:
        return "which is not in the stable ABI"
    if known.added > PyVersion(*python):
        return f"which is in the stable ABI only since Python {known.added}"
    return ""
