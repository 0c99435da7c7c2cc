"""Trim the disk cache to the size in .bazelrc, removing the least recently used files first.

    ./bazelw run //toolchains/cache:trim
    python3 trim.py [--disk-cache DIRECTORY] [--max-size SIZE] [--quiet]

Bazel does the same after each command, but only while its server is idle: the next command,
`shutdown`, a signal, or the end of a CI job interrupts it. `bazelw shutdown` runs this first.
It is safe during a build: only whole files are removed, and none that was used in the meantime.
Exit codes: 0 the cache is within its limit, 1 it cannot be trimmed, 2 bad usage.
"""

import argparse
import fcntl
import os
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_WORKSPACE = Path(__file__).absolute().parents[2]
sys.path.insert(0, str(_WORKSPACE))

from toolchains.debian.errors import UnavailableError  # noqa: E402
from toolchains.debian.user_cache import user_cache  # noqa: E402

_RC = _WORKSPACE / ".bazelrc"
_OPTION = re.compile(r"^build --(disk_cache|experimental_disk_cache_gc_max_size)=(\S+)$", re.M)
_SIZE = re.compile(r"(\d+)([KMGT]?)")
_ENTRY = re.compile(r"[0-9a-f]{40,}")
# Bazel writes a file in `tmp` and renames it; a killed Bazel leaves it there.
_MAX_TEMPORARY_AGE = 24 * 3600


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """A file of the cache, in Bazel's order of removal: `ac` before `cas` at the same time."""

    used: int
    """Time of the last use, in ns: Bazel touches a file when it uses it."""
    path: Path
    size: int


@dataclass(frozen=True, slots=True)
class TrimResult:
    """The result of trimming a cache."""

    removed: int
    """Number of removed files."""
    removed_size: int
    """Their size in bytes."""
    size: int
    """Size of the cache after trimming, in bytes."""


def main(arguments: list[str]) -> int:
    """Trim; return the exit code."""
    parser = argparse.ArgumentParser(prog="trim", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--disk-cache",
        type=Path,
        metavar="DIRECTORY",
        help="Disk cache to trim [default: those that builds of this workspace use]",
    )
    parser.add_argument(
        "--max-size",
        type=parse_size,
        metavar="SIZE",
        help="Size to trim to, such as 500M [default: the one in .bazelrc]",
    )
    parser.add_argument("--quiet", action="store_true", help="Print nothing if no file is removed")
    options = parser.parse_args(arguments)
    if options.disk_cache and not options.disk_cache.is_dir():
        parser.error(f"--disk-cache {options.disk_cache}: no such directory")
    max_size = options.max_size if options.max_size is not None else parse_size(settings()[1])
    for root in [options.disk_cache] if options.disk_cache else disk_caches():
        try:
            result = trim(root, max_size)
        except OSError as error:
            print(f"disk cache {root} cannot be trimmed: {error}", file=sys.stderr)
            return 1
        if result.removed or not options.quiet:
            print(
                f"disk cache {root}: removed {result.removed} files "
                f"({format_size(result.removed_size)}); now {format_size(result.size)} of at most "
                f"{format_size(max_size)}"
            )
    return 0


def parse_size(text: str) -> int:
    """Parses a size in the format of Bazel's options: 20G is 20 GiB."""
    match = _SIZE.fullmatch(text)
    if not match:
        raise argparse.ArgumentTypeError(f"{text}: expected a size such as 500M or 20G")
    return int(match[1]) << 10 * " KMGT".index(match[2] or " ")


def format_size(size: int) -> str:
    """A size in MiB or GiB."""
    return f"{size / (1 << 30):.1f} GiB" if size >= 1 << 30 else f"{size / (1 << 20):.1f} MiB"


def settings() -> tuple[str, str]:
    """The disk cache and its size limit in .bazelrc."""
    values = dict(_OPTION.findall(_RC.read_text(encoding="utf-8")))
    return values["disk_cache"], values["experimental_disk_cache_gc_max_size"]


def disk_caches() -> list[Path]:
    """The existing disk caches of this workspace: .bazelrc's, and the bootstrapped Bazel's."""
    caches = [Path(settings()[0]).expanduser()]
    with suppress(UnavailableError):
        caches.append(user_cache() / "disk-cache")
    return list(dict.fromkeys(path.resolve() for path in caches if path.is_dir()))


def trim(root: Path, max_size: int) -> TrimResult:
    """Remove the least recently used files of a cache until it has at most `max_size` bytes."""
    with _locked(root):
        all_entries = sorted(entries(root))
        size = sum(entry.size for entry in all_entries)
        excess, removed, removed_size = size - max_size, 0, 0
        for entry in all_entries:
            if excess <= 0:
                break
            excess -= entry.size
            if _remove(entry):
                removed += 1
                removed_size += entry.size
        _remove_temporary(root / "tmp")
        return TrimResult(removed, removed_size, size - removed_size)


@contextmanager
def _locked(root: Path) -> Iterator[None]:
    """Holds the lock that Bazel holds while it trims the cache."""
    lock = root / "gc" / "lock"
    lock.parent.mkdir(exist_ok=True)
    with lock.open("w") as file:
        fcntl.lockf(file, fcntl.LOCK_EX)
        yield


def entries(root: Path) -> Iterator[Entry]:
    """Yields Bazel's files: cas/XX/DIGEST and ac/XX/DIGEST, also below the name of another hash."""
    for name, directories, names in os.walk(root):
        directory = Path(name)
        if directory == root:
            directories[:] = [name for name in directories if name not in ("gc", "tmp")]
        for path in (directory / name for name in names if name[:2] == directory.name):
            if _ENTRY.fullmatch(path.name):
                with suppress(FileNotFoundError):
                    status = path.lstat()
                    yield Entry(status.st_mtime_ns, path, status.st_size)


def _remove(entry: Entry) -> bool:
    """Remove a file unless it was used since it was listed; return whether it was removed."""
    try:
        if entry.path.lstat().st_mtime_ns != entry.used:
            return False
        entry.path.unlink()
    except FileNotFoundError:
        return False
    return True


def _remove_temporary(directory: Path) -> None:
    """Remove partial files of killed Bazels, which Bazel itself does not do."""
    now = time.time()
    for path in directory.glob("*"):
        with suppress(FileNotFoundError):
            if path.is_file() and now - path.lstat().st_mtime > _MAX_TEMPORARY_AGE:
                path.unlink()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
