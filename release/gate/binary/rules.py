"""The rules, put together: what native files of a wheel or a dist may be."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from release.gate.binary import elf, macho, pe
from release.gate.binary.abi import Abi, check_abi
from release.gate.binary.facts import Binary
from release.gate.binary.where import Place
from release.gate.target import MACOS_NAMES, Target
from release.model.finding import Check, Finding

_FORMATS = {"linux": "an ELF file", "windows": "a PE file", "macos": "a Mach-O file"}
_RULES: Mapping[str, Callable[[Place], Iterator[Finding]]] = {
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
    """Holds the native files of an archive against all that its tags claim.

    Args:
      file: name of the archive.
      binaries: its native files, by path.
      members: paths of everything in it.
      targets: what it must run on, one for each platform tag; none for a pure wheel.
      abi: what its tags say of extension modules; None where there are to be none.
    """
    for member, binary in binaries.items():
        if not targets:
            yield Finding(
                file,
                Check.BINARY_SYSTEM,
                f"it is {_FORMATS[binary.system]}, and the wheel is tagged for any platform",
                member=member,
            )
        for target in targets:
            yield from _check(Place(file, member, binary, members, target, abi))
        if abi:
            yield from check_abi(file, member, binary, abi)


def _check(place: Place) -> Iterator[Finding]:
    binary, target = place.binary, place.target
    if binary.system != target.os:
        yield place.wrong(
            Check.BINARY_SYSTEM,
            f"it is {_FORMATS[binary.system]} for {_listed(binary.cpus)}, which does not belong in "
            f"what is tagged {target.name}",
        )
    elif lacking := target.cpus - binary.cpus:
        yield place.wrong(Check.BINARY_CPU, _lacks(binary, target, lacking))
        if len(target.cpus) > 1:
            yield from _RULES[target.os](place)
    else:
        yield from _RULES[target.os](place)


def _lacks(binary: Binary, target: Target, lacking: frozenset[str]) -> str:
    held = _listed(binary.cpus)
    said = f"it holds code for {held} alone, and {target.name} promises {_listed(lacking)} too"
    if target.os == "macos" and len(binary.cpus) == 1 and binary.cpus < target.cpus:
        true = target.name.rsplit("_", 1)[0]
        if target.minimum_os:
            true = "macosx_{}_{}".format(*target.minimum_os)
        return f"{said}; the true tag is {true}_{MACOS_NAMES[min(binary.cpus)]}"
    return f"it holds code for {held}, and {target.name} promises {_listed(target.cpus)}"


def _listed(cpus: frozenset[str]) -> str:
    return " and ".join(sorted(cpus))
