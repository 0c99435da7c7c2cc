"""ELF: what manylinux promises (PEP 600), by auditwheel's record of it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from auditwheel.architecture import Architecture
from auditwheel.libc import Libc
from auditwheel.policy import Policy, WheelPolicies

from release.gate.binary.where import Place
from release.model.finding import Check, Finding

_ORIGIN = ("$ORIGIN", "${ORIGIN}")
_LOADERS = ("ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1")


def check(place: Place) -> Iterator[Finding]:
    """Holds an ELF file against the manylinux policy of its target."""
    glibc = place.target.glibc
    (cpu,) = place.target.cpus
    if glibc is None:
        return
    policy = _policy(cpu, glibc)
    directories = []
    for entry in place.binary.search:
        directory = _directory(place, entry)
        if directory is None:
            yield place.wrong(
                Check.RPATH,
                f"it searches {entry} for libraries, which is not inside; it must be below $ORIGIN",
            )
        else:
            directories.append(directory)
    inside = {name for name in place.binary.needed if _inside(place, directories, name)}
    for name in place.binary.needed:
        if name.startswith("libpython"):
            yield place.wrong(
                Check.PYTHON_LINK, f"it is linked to {name}, which a wheel's interpreter may lack"
            )
        elif name not in policy.whitelist and name not in _LOADERS and name not in inside:
            yield place.wrong(
                Check.LIBRARY,
                f"it needs {name}, which is neither in its search path inside nor among the "
                f"libraries that {policy.name} lets it expect of a system",
            )
    yield from _check_versions(place, policy, inside)
    if place.binary.executable_stack:
        yield place.wrong(
            Check.EXECUTABLE_STACK, "it asks for an executable stack, which hardened systems refuse"
        )


def _check_versions(place: Place, policy: Policy, inside: set[str]) -> Iterator[Finding]:
    for library, version in place.binary.versions:
        # As auditwheel does: GLIBC_ABI_DT_RELR is a version of GLIBC, which 2.36 brought.
        name, _, number = version.partition("_")
        known = policy.symbol_versions.get(name)
        if known is not None and library not in inside and number not in known:
            yield place.wrong(
                Check.SYMBOL_VERSION,
                f"it needs {version} of {library}, and {place.target.name} promises {name} up to "
                f"{max(known, key=_numbers)}",
            )


def _directory(place: Place, entry: str) -> str | None:
    """The directory inside that a search path names, or None."""
    found = place.named(entry, _ORIGIN)
    return found if found is not None and place.has_directory(found) else None


def _inside(place: Place, directories: list[str], name: str) -> bool:
    return any(
        (f"{directory}/{name}" if directory != "." else name) in place.members
        for directory in directories
    )


@cache
def _policy(cpu: str, glibc: tuple[int, int]) -> Policy:
    """The newest policy that is not newer than a glibc."""
    policies = WheelPolicies(libc=Libc.GLIBC, arch=Architecture(cpu))
    fitting = [
        (_numbers(policy.name.split("_", 1)[1].rsplit(f"_{cpu}")[0]), policy)
        for policy in policies
        if policy.name.startswith("manylinux_")
    ]
    return max(
        (pair for pair in fitting if pair[0] <= glibc), key=lambda pair: pair[0], default=fitting[0]
    )[1]


def _numbers(text: str) -> tuple[int, ...]:
    """(2, 28) of 2.28 or 2_28; names without numbers come first."""
    parts = text.replace("_", ".").split(".")
    return tuple(int(part) for part in parts) if all(part.isdigit() for part in parts) else ()
