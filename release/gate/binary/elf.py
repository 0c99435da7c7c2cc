"""Checks ELF files against manylinux (PEP 600), with auditwheel's policies."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from auditwheel.architecture import Architecture
from auditwheel.libc import Libc
from auditwheel.policy import Policy, WheelPolicies

from release.gate.binary.context import BinaryContext
from release.model.finding import Check, Finding

_ORIGIN = ("$ORIGIN", "${ORIGIN}")
_LOADERS = ("ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1")


def check(context: BinaryContext) -> Iterator[Finding]:
    """Checks an ELF file against the manylinux policy of its target."""
    glibc = context.target.glibc
    (cpu,) = context.target.cpus
    if glibc is None:
        return
    policy = _policy(cpu, glibc)
    directories = []
    for entry in context.binary.search_paths:
        directory = _directory(context, entry)
        if directory is None:
            yield context.finding(
                Check.RPATH,
                f"searches {entry} for libraries, which is not a directory of the archive; use a "
                "path relative to $ORIGIN",
            )
        else:
            directories.append(directory)
    bundled = {name for name in context.binary.needed if _is_bundled(context, directories, name)}
    for name in context.binary.needed:
        if name.startswith("libpython"):
            yield context.finding(
                Check.PYTHON_LINK,
                f"links to {name}, which many interpreters lack; do not link to libpython",
            )
        elif name not in policy.whitelist and name not in _LOADERS and name not in bundled:
            yield context.finding(
                Check.LIBRARY,
                f"needs {name}, which is neither bundled in its search path nor allowed as a "
                f"system library by {policy.name}",
            )
    yield from _check_versions(context, policy, bundled)
    if context.binary.executable_stack:
        yield context.finding(
            Check.EXECUTABLE_STACK, "requests an executable stack, which hardened systems refuse"
        )


def _check_versions(context: BinaryContext, policy: Policy, bundled: set[str]) -> Iterator[Finding]:
    for library, version in context.binary.symbol_versions:
        # Like auditwheel: GLIBC_ABI_DT_RELR counts as a version of GLIBC; it came with 2.36.
        name, _, number = version.partition("_")
        known = policy.symbol_versions.get(name)
        if known is not None and library not in bundled and number not in known:
            yield context.finding(
                Check.SYMBOL_VERSION,
                f"needs {version} from {library}, but {context.target.name} allows {name} only up "
                f"to {max(known, key=_numbers)}",
            )


def _directory(context: BinaryContext, entry: str) -> str | None:
    """The directory of the archive that a search path names, or None."""
    found = context.expand(entry, _ORIGIN)
    return found if found is not None and context.has_directory(found) else None


def _is_bundled(context: BinaryContext, directories: list[str], name: str) -> bool:
    return any(
        (f"{directory}/{name}" if directory != "." else name) in context.members
        for directory in directories
    )


@cache
def _policy(cpu: str, glibc: tuple[int, int]) -> Policy:
    """The newest policy up to a version of glibc."""
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
    """(2, 28) of 2.28 or 2_28; empty for other names, so that they sort first."""
    parts = text.replace("_", ".").split(".")
    return tuple(int(part) for part in parts) if all(part.isdigit() for part in parts) else ()
