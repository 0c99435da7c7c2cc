"""Make a small Debian root file system with Python, in the user's cache: what a clean machine has.

    python3 bootstrap.py

Prints a JSON object: `path` is the directory. It is made of unpacked packages, whose maintainer
scripts never ran: enough for Python and for programs that need the C and C++ libraries and a shell.
Exit codes: those of `toolchains/debian/made.py`.
"""

import sys
from pathlib import Path

_HERE = Path(__file__).absolute().parent
sys.path.insert(0, str(_HERE.parents[1]))

from toolchains.debian import apt, prefix  # noqa: E402
from toolchains.debian.machine import this_machine  # noqa: E402
from toolchains.debian.made import answer  # noqa: E402

# base-files brings the links from /lib and the like into /usr.
_PACKAGES = ("base-files", "coreutils", "dash", "libstdc++6", "python3")
# Nothing here asks for a terminal, a mail type or a time zone.
_ASSUMED = ("debconf", "debianutils", "mawk", "media-types", "netbase", "readline-common", "tzdata")
_DIRECTORIES = ("proc", "root", "sys", "tmp")


def main(arguments: list[str]) -> int:
    """Print where the root file system is; return the exit code."""
    if arguments:
        print("usage: bootstrap.py", file=sys.stderr)
        return 2
    return answer(lambda cache: {"path": str(root_file_system(cache))})


def root_file_system(cache: Path, announce: apt.Announce | None = None) -> Path:
    """The directory with the root file system, below `cache`.

    Args:
        cache: the user's cache.
        announce: called before packages are downloaded; not when the prefix exists.

    Raises:
        UnavailableError: this machine cannot have Debian's packages.
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
