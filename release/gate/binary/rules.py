"""Checks the native files of a wheel or a dist with the rules of each system."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from release.gate.binary import elf, macho, pe
from release.gate.binary.abi import Abi, check_abi
from release.gate.binary.context import BinaryContext
from release.gate.binary.facts import Binary
from release.gate.target import MACOS_NAMES, Target
from release.model.finding import Check, Finding

_FORMATS = {"linux": "an ELF file", "windows": "a PE file", "macos": "a Mach-O file"}
_RULES: Mapping[str, Callable[[BinaryContext], Iterator[Finding]]] = {
    "linux": elf.check,
    "windows": pe.check,
    "macos": macho.check,
}


def check(
    file: str,
    binaries: Mapping[str, Binary],
    members: Collection[str],
    targets: Sequence[Target],
    abi: Abi | None,
) -> Iterator[Finding]:
    """Checks the native files of an archive against its targets.

    Args:
      file: name of the archive.
      binaries: its native files, by path.
      members: paths of everything in it.
      targets: what they must run on, one for each platform tag; empty for a pure wheel.
      abi: the Python ABI of its tags; None for a dist or a pure wheel.
    """
    for member, binary in binaries.items():
        if not targets:
            yield Finding(
                file,
                Check.BINARY_SYSTEM,
                f"is {_FORMATS[binary.system]}, but the wheel is tagged for any platform",
                member=member,
            )
        for target in targets:
            yield from _check(BinaryContext(file, member, binary, members, target, abi))
        if abi:
            yield from check_abi(file, member, binary, abi)


def _check(context: BinaryContext) -> Iterator[Finding]:
    binary, target = context.binary, context.target
    if binary.system != target.os:
        yield context.finding(
            Check.BINARY_SYSTEM,
            f"is {_FORMATS[binary.system]} for {_join(binary.cpus)}, which cannot run on "
            f"{target.name}",
        )
    elif missing := target.cpus - binary.cpus:
        yield context.finding(Check.BINARY_CPU, _missing_code(binary, target, missing))
        if len(target.cpus) > 1:
            yield from _RULES[target.os](context)
    else:
        yield from _RULES[target.os](context)


def _missing_code(binary: Binary, target: Target, missing: frozenset[str]) -> str:
    existing = _join(binary.cpus)
    if target.os == "macos" and len(binary.cpus) == 1 and binary.cpus < target.cpus:
        system = target.name.rsplit("_", 1)[0]
        if target.minimum_os:
            system = "macosx_{}_{}".format(*target.minimum_os)
        return (
            f"contains code only for {existing}, but {target.name} promises {_join(missing)} too; "
            f"the correct tag is {system}_{MACOS_NAMES[min(binary.cpus)]}"
        )
    return f"contains code for {existing}, but {target.name} promises {_join(target.cpus)}"


def _join(cpus: frozenset[str]) -> str:
    return " and ".join(sorted(cpus))
