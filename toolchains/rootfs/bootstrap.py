"""Create the root file system of a clean Debian machine with Python, in the user's cache.

    python3 bootstrap.py

Prints a JSON object: `path` is the directory. The packages are only unpacked, without running their
maintainer scripts: enough for Python and for programs that need a shell and the C and C++
libraries. Exit codes: those of `toolchains/debian/repository.py`.
"""

import sys
from pathlib import Path

_HERE = Path(__file__).absolute().parent
sys.path.insert(0, str(_HERE.parents[1]))

from toolchains.debian import apt, prefix  # noqa: E402
from toolchains.debian.machine import this_machine  # noqa: E402
from toolchains.debian.repository import print_result  # noqa: E402

# base-files has the links from /lib and the like into /usr.
_PACKAGES = ("base-files", "coreutils", "dash", "libstdc++6", "python3")
# Terminals, media types and time zones are not used here.
_ASSUMED = ("debconf", "debianutils", "mawk", "media-types", "netbase", "readline-common", "tzdata")
_DIRECTORIES = ("proc", "root", "sys", "tmp")


def main(arguments: list[str]) -> int:
    """Print the JSON object; return the exit code."""
    if arguments:
        print("usage: bootstrap.py", file=sys.stderr)
        return 2
    return print_result(lambda cache: {"path": str(root_file_system(cache))})


def root_file_system(cache: Path, announce: apt.Announce | None = None) -> Path:
    """The directory with the root file system, below `cache`.

    Args:
        cache: the user's cache.
        announce: called before packages are downloaded; not if the prefix exists.

    Raises:
        UnavailableError: this machine cannot use Debian packages.
        UnreachableError: the archive could not be read.
    """
    machine = this_machine()
    home = prefix.location(cache / "rootfs", apt.SUITE, [_HERE, _HERE.with_name("debian")])

    def fill(staging: Path) -> None:
        archive = apt.open_archive(staging.with_name("apt"), machine, assumed=_ASSUMED)
        packages = archive.download(_PACKAGES, "a root file system for containers", announce)
        prefix.unpack(packages, staging)
        for directory in _DIRECTORIES:
            (staging / directory).mkdir(exist_ok=True)
        (staging / "tmp").chmod(0o1777)

    prefix.publish(home, fill)
    return home


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
