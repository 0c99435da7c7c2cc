"""The names that Debian and the System V ABI give to this machine."""

import platform
from dataclasses import dataclass

from toolchains.debian.errors import UnavailableError


@dataclass(frozen=True, slots=True)
class Machine:
    """The names of one CPU architecture."""

    architecture: str
    """Debian's name, as in `dpkg --print-architecture`."""
    multiarch: str
    """The directory below /usr/lib with the shared libraries."""
    loader: str
    """The dynamic loader, relative to the directory of shared libraries."""


_MACHINES = {
    "x86_64": Machine("amd64", "x86_64-linux-gnu", "ld-linux-x86-64.so.2"),
    "aarch64": Machine("arm64", "aarch64-linux-gnu", "ld-linux-aarch64.so.1"),
}


def this_machine() -> Machine:
    """The machine this process runs on.

    Raises:
        UnavailableError: Debian packages are not used on this system or CPU.
    """
    system, cpu = platform.system(), platform.machine()
    if system != "Linux" or cpu not in _MACHINES:
        raise UnavailableError(
            f"this machine is {system} {cpu}, but Debian packages are used only on "
            f"Linux {' and '.join(_MACHINES)}"
        )
    return _MACHINES[cpu]
