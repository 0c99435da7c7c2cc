"""Install the servers that builds are tested with from Debian packages, in the user's cache.

    python3 bootstrap.py

Prints a JSON object of paths: `programs` (buildbox-casd, buildbox-worker, bwrap and the like),
`nginx`, `postgresql` (the directory with initdb and postgres), and `machine`, a root file system
with only a shell and the C and C++ libraries, in which workers run actions. Exit codes: those of
`toolchains/debian/repository.py`.
"""

import sys
from pathlib import Path

_HERE = Path(__file__).absolute().parent
sys.path.insert(0, str(_HERE.parents[1]))

from toolchains.debian import apt, prefix  # noqa: E402
from toolchains.debian.machine import this_machine  # noqa: E402
from toolchains.debian.repository import print_result  # noqa: E402

_PROGRAMS = ("buildbox-casd", "buildbox-run-bubblewrap", "buildbox-worker", "bwrap")
# The C++ library is for programs from wheels, such as CMake.
_MACHINE = ("base-files", "dash", "libc6", "libgcc-s1", "libstdc++6")
# System services, and programs that are used only when a package is installed.
_ASSUMED = (
    *("adduser", "debconf", "debianutils", "init-system-helpers"),
    *("lsb-base", "mawk", "media-types", "netbase", "passwd", "perl", "postgresql-client-common"),
    *("postgresql-common", "procps", "readline-common", "ssl-cert", "sysvinit-utils", "tzdata"),
)


def main(arguments: list[str]) -> int:
    """Print the JSON object; return the exit code."""
    if arguments:
        print("usage: bootstrap.py", file=sys.stderr)
        return 2
    return print_result(lambda cache: _paths(engines(cache)))


def engines(cache: Path) -> Path:
    """The prefix with the servers, below `cache`.

    Raises:
        UnavailableError: this machine cannot use Debian packages.
        UnreachableError: the archive could not be read.
    """
    machine = this_machine()
    home = prefix.location(cache / "engines", apt.SUITE, [_HERE, _HERE.with_name("debian")])

    def fill(staging: Path) -> None:
        archive = apt.open_archive(staging.with_name("apt"), machine, assumed=_ASSUMED)
        # The version of this metapackage starts with PostgreSQL's major version: "18+293".
        newest = archive.candidate("postgresql").partition("+")[0]
        packages = archive.download(
            ("buildbox", "bubblewrap", "nginx", "patchelf", f"postgresql-{newest}", *_MACHINE)
        )
        prefix.unpack(packages, staging)
        prefix.relink(staging)
        postgresql = f"usr/lib/postgresql/{newest}/bin"
        prefix.patch_programs(
            [
                *(f"usr/bin/{program}" for program in _PROGRAMS),
                *(f"{postgresql}/{program}" for program in ("initdb", "postgres")),
                "usr/sbin/nginx",
            ],
            staging,
            home,
            machine,
        )
        (staging / "machine").mkdir()
        of_machine = [path for path in packages if path.name.partition("_")[0] in _MACHINE]
        prefix.unpack(of_machine, staging / "machine")

    prefix.publish(home, fill)
    return home


def _paths(home: Path) -> dict[str, object]:
    (postgresql,) = home.glob("usr/lib/postgresql/*/bin")
    return {
        "machine": str(home / "machine"),
        "nginx": str(home / "usr/sbin/nginx"),
        "postgresql": str(postgresql),
        "programs": str(home / "usr/bin"),
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
