"""What Debian and the System V ABI call this machine."""

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
        UnavailableError: it is not Linux on a CPU that Debian's packages are used for here.
    """
    system, cpu = platform.system(), platform.machine()
    if system != "Linux" or cpu not in _MACHINES:
        raise UnavailableError(
            f"this machine is {system} {cpu}, and Debian's packages are used on "
            f"Linux {' and '.join(_MACHINES)} only"
        )
    return _MACHINES[cpu]
