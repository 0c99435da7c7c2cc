"""Create the file system of a release runner: a tar archive in the user's cache.

    python3 bootstrap.py

Prints a JSON object: `layer` is the archive, `cache` the directory in it that is bazelw's cache.
The archive contains Debian's git, Python and what else bazelw needs, and in that cache the Bazel
that bazelw would bootstrap there. Owners, order and times are fixed, so the same packages of the
same mirror give the same archive. Exit codes: those of `toolchains/debian/repository.py`.
"""

import re
import sys
import tarfile
from pathlib import Path

_HERE = Path(__file__).absolute().parent
sys.path.insert(0, str(_HERE.parents[1]))

from toolchains.bazel import bootstrap as bazel  # noqa: E402
from toolchains.debian import apt, prefix  # noqa: E402
from toolchains.debian.machine import this_machine  # noqa: E402
from toolchains.debian.repository import print_result  # noqa: E402

CACHE = Path("/var/cache/iree-release")
"""The value of IREE_RELEASE_CACHE in the image."""
LAYER = "layer.tar"
_RECIPE = (_HERE, _HERE.with_name("bazel"), _HERE.with_name("debian"))
PACKAGES = (
    *(
        "apt",
        "base-files",
        "bash",
        "ca-certificates",
        "coreutils",
        "dash",
        "debian-archive-keyring",
    ),
    *("diffutils", "dpkg", "findutils", "git", "grep", "gzip", "hostname", "libstdc++6", "mawk"),
    *("openssl", "python3", "python3-pip", "python3-venv", "sed", "tar", "util-linux", "xz-utils"),
)
# Dependencies of install scripts, services, and the language of git's rarer commands.
_ASSUMED = (
    *("adduser", "debconf", "debianutils", "init-system-helpers", "liberror-perl", "media-types"),
    *("netbase", "passwd", "perl", "readline-common", "sysvinit-utils", "tzdata"),
)
_DIRECTORIES = ("dev", "proc", "run", "srv", "sys", "tmp", "var/roothome")
_FILES = {
    "etc/group": "root:x:0:\nnogroup:x:65534:\n",
    "etc/passwd": "root:x:0:0:root:/var/roothome:/bin/bash\n"
    "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
}
_BUNDLE = "etc/ssl/certs/ca-certificates.crt"
_TIME = 315532800  # 1980-01-01, as in the wheels


def main(arguments: list[str]) -> int:
    """Print the JSON object; return the exit code."""
    if arguments:
        print("usage: bootstrap.py", file=sys.stderr)
        return 2
    return print_result(lambda cache: {"cache": str(CACHE), "layer": str(layer(cache))})


def layer(cache: Path) -> Path:
    """The archive, below `cache`.

    Raises:
        UnavailableError: this machine cannot use Debian packages.
        UnreachableError: the archive could not be read.
    """
    home = prefix.location(cache / "runner", apt.SUITE, _RECIPE)

    def fill(staging: Path) -> None:
        # Outside of the prefix, since only the archive is kept.
        root = staging.with_name("root")
        root.mkdir()
        fill_root(root, staging.with_name("apt"))
        pack(root, staging / LAYER)

    prefix.publish(home, fill)
    return home / LAYER


def fill_root(root: Path, work: Path) -> None:
    """Fill an empty directory with the file system.

    Args:
        root: the directory.
        work: the directory for apt; removed with its parent.

    Raises:
        UnavailableError: this machine cannot use Debian packages.
        UnreachableError: the archive could not be read.
    """
    machine = this_machine()
    archive = apt.open_archive(work, machine, assumed=_ASSUMED)
    prefix.unpack(archive.download(PACKAGES), root)
    for directory in _DIRECTORIES:
        (root / directory).mkdir(parents=True, exist_ok=True)
    files = _FILES | {"etc/apt/sources.list": f"deb {archive.site} {archive.suite} main\n"}
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    # Installing ca-certificates would create this file.
    trusted = sorted((root / "usr/share/ca-certificates/mozilla").glob("*.crt"))
    bundle = "".join(path.read_text(encoding="ascii") for path in trusted)
    (root / _BUNDLE).parent.mkdir(parents=True, exist_ok=True)
    (root / _BUNDLE).write_text(bundle)
    version = bazel.required_version()
    home = bazel.location(CACHE, version)
    inside = root / home.relative_to("/")
    inside.mkdir(parents=True)
    bazel.fill(inside, home, CACHE, machine, version, trusted=bundle)


def pack(root: Path, archive: Path) -> None:
    """Write a directory into a tar archive, owned by root and in the order of its paths."""
    with tarfile.open(archive, "w", format=tarfile.PAX_FORMAT) as writer:
        for path in sorted(root.rglob("*"), key=lambda path: path.relative_to(root).parts):
            info = writer.gettarinfo(path, str(path.relative_to(root)))
            info.uid = info.gid = 0
            info.uname = info.gname = ""
            info.mtime = _TIME
            info.mode = _mode(path, info)
            if info.islnk():
                # A hard link would depend on the order of names, so each is a regular file.
                info.type, info.linkname, info.size = tarfile.REGTYPE, "", path.stat().st_size
            if info.isreg():
                with path.open("rb") as file:
                    writer.addfile(info, file)
            else:
                writer.addfile(info)


def _mode(path: Path, info: tarfile.TarInfo) -> int:
    """The mode regardless of the umask, and without set-uid and set-gid bits."""
    if info.issym():
        return 0o777
    if info.isdir():
        return 0o1777 if re.search(r"(^|/)tmp$", info.name) else 0o755
    return 0o755 if path.stat().st_mode & 0o100 else 0o644


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
