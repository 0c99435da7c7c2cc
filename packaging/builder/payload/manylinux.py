"""Checks the requirements of native files for Linux against a manylinux policy (PEP 600).

The gate checks the finished wheel against the same policy with its own code. This check comes
earlier, before anything is packed, and its messages have the paths that the builder knows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

import lief
from auditwheel.architecture import Architecture
from auditwheel.libc import Libc
from auditwheel.policy import Policy, WheelPolicies

lief.logging.disable()


def policy_of(tag: str) -> Policy:
    """Returns the policy of a platform tag, such as manylinux_2_28_x86_64.

    Raises:
      ValueError: auditwheel has no such policy.
    """
    _, _, _, cpu = tag.split("_", 3)
    for policy in WheelPolicies(libc=Libc.GLIBC, arch=Architecture(cpu)):
        if policy.name == tag:
            return policy
    raise ValueError(f"auditwheel has no policy {tag}")


def faults(files: Mapping[str, Path], tag: str) -> Iterator[str]:
    """Yields a message for each requirement of native files that a policy does not allow.

    Args:
      files: the native files, by their paths in the wheel.
      tag: platform tag of the policy.
    """
    policy = policy_of(tag)
    inside = {PurePosixPath(path).name for path in files}
    for path, file in files.items():
        parsed = lief.ELF.parse(file)
        if parsed is None:
            yield f"{path} is not a readable ELF file"
            continue
        for library in map(str, parsed.libraries):
            if library in policy.whitelist or library in inside or library.startswith("ld-linux"):
                continue
            yield (
                f"{path} needs {library}, which {tag} does not provide; link it statically, or "
                "install it into the tree"
            )
        yield from (f"{path} {cause}" for cause in _newer(parsed, policy, inside))


def _newer(parsed: lief.ELF.Binary, policy: Policy, inside: set[str]) -> Iterator[str]:
    for requirement in parsed.symbols_version_requirement:
        for auxiliary in requirement.get_auxiliary_symbols():
            name, _, number = str(auxiliary.name).partition("_")
            known = policy.symbol_versions.get(name)
            if known is not None and requirement.name not in inside and number not in known:
                version = f"{name}_{number}"
                yield f"needs {version} of {requirement.name}, which {policy.name} lacks"
