"""What native files of Linux need, held against a manylinux policy (PEP 600) when they come in.

The gate holds the finished wheel against the same policy, in code of its own; here the answer comes
before anything is packed, and names the file as its builder knows it.
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
    """The policy of a platform tag, such as manylinux_2_28_x86_64.

    Raises:
      ValueError: there is none of that name.
    """
    _, _, _, cpu = tag.split("_", 3)
    for policy in WheelPolicies(libc=Libc.GLIBC, arch=Architecture(cpu)):
        if policy.name == tag:
            return policy
    raise ValueError(f"auditwheel knows no policy {tag}")


def faults(files: Mapping[str, Path], tag: str) -> Iterator[str]:
    """What native files need that a policy does not promise, a sentence each.

    Args:
      files: the native files, by their path in the wheel.
      tag: the policy's platform tag.
    """
    policy = policy_of(tag)
    inside = {PurePosixPath(path).name for path in files}
    for path, file in files.items():
        parsed = lief.ELF.parse(file)
        if parsed is None:
            yield f"{path} cannot be read as an ELF file"
            continue
        for library in map(str, parsed.libraries):
            if library in policy.whitelist or library in inside or library.startswith("ld-linux"):
                continue
            yield (
                f"{path} needs {library}, which {tag} does not let it expect of a system; link it "
                "statically, or install it into the tree"
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
