"""Install a CPython that the host lacks from Debian packages, in a private prefix.

    python3 bootstrap.py 3.14

Prints the path of the interpreter. Exit codes: 2 if this machine cannot have it, 75 if a download
failed; the reason is then the only line on standard error.
"""

import re
import sys
from pathlib import Path

_HERE = Path(__file__).absolute().parent
sys.path.insert(0, str(_HERE.parents[1]))

from toolchains.debian import apt, prefix  # noqa: E402
from toolchains.debian.errors import UnavailableError  # noqa: E402
from toolchains.debian.machine import this_machine  # noqa: E402
from toolchains.debian.user_cache import user_cache  # noqa: E402

# Without the other modules of this package, so that Bazel targets that lack them find this prefix.
_RECIPE = (Path(__file__).absolute(), _HERE.with_name("debian"))
# Data that an interpreter does not need.
_ASSUMED = ("media-types", "netbase", "tzdata")


def main(arguments: list[str]) -> int:
    """Print the path of the interpreter for a version; return the exit code."""
    if len(arguments) != 1 or not re.fullmatch(r"3\.\d+", arguments[0]):
        print("usage: bootstrap.py VERSION, such as 3.14", file=sys.stderr)
        return 2
    try:
        print(interpreter(user_cache(), arguments[0]))
    except UnavailableError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


def interpreter(cache: Path, version: str, announce: apt.Announce | None = None) -> Path:
    """The interpreter of a version, such as "3.14", from a prefix below `cache`.

    Args:
        cache: the user's cache.
        version: a minor version.
        announce: called before packages are downloaded; not if the prefix exists.

    Raises:
        UnavailableError: Debian's suite lacks this Python, or this machine cannot use it.
        UnreachableError: the archive could not be read.
    """
    machine = this_machine()
    home = prefix.location(cache / "python", version, _RECIPE)
    program = f"usr/bin/python{version}"

    def fill(staging: Path) -> None:
        archive = apt.open_archive(staging.with_name("apt"), machine, assumed=_ASSUMED)
        archive.candidate(f"python{version}")
        packages = (f"python{version}", f"libpython{version}-stdlib", "patchelf")
        prefix.unpack(archive.download(packages, f"CPython {version}", announce), staging)
        prefix.relink(staging)
        prefix.patch_programs([program], staging, home, machine)

    prefix.publish(home, fill)
    return home / program


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
