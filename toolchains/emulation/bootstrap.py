"""Set up aarch64 Linux emulation on this machine: qemu, and Debian root directories with Pythons.

    python3 bootstrap.py 3.11 3.14

Prints a JSON object: `qemu`, the program; `version`, its version; `root`, a directory with the C
and C++ libraries; `pythons`, the `executable` and its `root` by version; `missing`, the reason why
a version is not available, by version. Exit codes: those of `toolchains/debian/repository.py`.
"""

import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

_HERE = Path(__file__).absolute().parent
sys.path.insert(0, str(_HERE.parents[1]))

from toolchains.debian import apt, prefix  # noqa: E402
from toolchains.debian.errors import UnavailableError  # noqa: E402
from toolchains.debian.machine import Machine, this_machine  # noqa: E402
from toolchains.debian.repository import print_result  # noqa: E402

_RECIPE = (_HERE, _HERE.with_name("debian"))
_TARGET = Machine("arm64", "aarch64-linux-gnu", "ld-linux-aarch64.so.1")
# The newest Pythons of each suite; no suite has 3.12.
_SUITES = {"bookworm": ("3.11",), "trixie": ("3.13",), apt.SUITE: ("3.14", "3.15")}
_ASSUMED = ("debconf", "media-types", "netbase", "readline-common", "tzdata")
# Linked statically in this suite.
_PACKAGE = "qemu-user"
_PROGRAM = "usr/bin/qemu-aarch64"


def main(arguments: list[str]) -> int:
    """Print the JSON object; return the exit code."""
    if not all(re.fullmatch(r"3\.\d+", version) for version in arguments):
        print("usage: bootstrap.py VERSION ..., such as 3.14", file=sys.stderr)
        return 2
    return print_result(lambda cache: emulation(cache, arguments))


def emulation(
    cache: Path, versions: Sequence[str], announce: apt.Announce | None = None
) -> dict[str, Any]:
    """The JSON object that the module's docstring describes, for some versions of Python.

    Args:
        cache: the user's cache.
        versions: minor versions, such as "3.14".
        announce: called before each download of packages; not for existing prefixes.

    Raises:
        UnavailableError: qemu or the newest root is not available.
        UnreachableError: the archive could not be read.
    """
    qemu = _qemu(cache, announce)
    pythons: dict[str, Mapping[str, str]] = {}
    missing = {
        version: f"no Debian suite has Python {version} for arm64"
        for version in versions
        if not any(version in available for available in _SUITES.values())
    }
    for suite, available in _SUITES.items():
        requested = [version for version in available if version in versions]
        if not requested and suite != apt.SUITE:
            continue
        try:
            root = _root(cache, suite, available, announce)
        except UnavailableError as error:
            if suite == apt.SUITE:
                raise
            missing |= {version: str(error) for version in requested}
            continue
        for version in requested:
            executable = root / f"usr/bin/python{version}"
            pythons[version] = {"executable": str(executable), "root": str(root)}
    return {
        "qemu": str(qemu),
        "version": _version(qemu),
        "root": str(_root(cache, apt.SUITE, _SUITES[apt.SUITE], announce)),
        "pythons": pythons,
        "missing": missing,
    }


def _root(cache: Path, suite: str, pythons: tuple[str, ...], announce: apt.Announce | None) -> Path:
    home = prefix.location(cache / "emulation", suite, _RECIPE)

    def fill(staging: Path) -> None:
        work = staging.with_name("apt")
        archive = apt.open_archive(work, _TARGET, assumed=_ASSUMED, suite=suite)
        packages = [*(f"python{version}" for version in pythons), "libstdc++6"]
        purpose = f"Debian {suite} for aarch64 with Python {' and '.join(pythons)}"
        prefix.unpack(archive.download(packages, purpose, announce), staging)
        # In newer suites base-files has this link; the package is not needed otherwise.
        if not (staging / "lib").exists():
            (staging / "lib").symlink_to("usr/lib")

    prefix.publish(home, fill)
    return home


def _qemu(cache: Path, announce: apt.Announce | None) -> Path:
    """The suite's qemu, never the host's: older versions compute some numbers wrongly."""
    machine = this_machine()
    home = prefix.location(cache / "emulation", "qemu", _RECIPE)

    def fill(staging: Path) -> None:
        archive = apt.open_archive(staging.with_name("apt"), machine, assumed=_ASSUMED)
        packages = archive.download([_PACKAGE], "the emulator qemu", announce)
        prefix.unpack([p for p in packages if p.name.startswith(f"{_PACKAGE}_")], staging)
        for program in (staging / "usr/bin").iterdir():
            if program != staging / _PROGRAM:
                program.unlink()

    prefix.publish(home, fill)
    return home / _PROGRAM


def _version(qemu: Path) -> str:
    """The version of qemu, such as 10.1.0.

    Raises:
        UnavailableError: it does not run on this machine.
    """
    try:
        output = subprocess.run(
            [str(qemu), "--version"], stdin=subprocess.DEVNULL, capture_output=True, text=True
        ).stdout
    except OSError as error:
        raise UnavailableError(f"{qemu} does not run here ({error.strerror})") from error
    match = re.search(r"version (\S+)", output)
    if match is None:
        raise UnavailableError(f"{qemu} does not run here: it prints no version")
    return match[1]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
