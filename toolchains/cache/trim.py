"""Trim the disk cache to the size in .bazelrc, the least recently used files first.

    bazel run //toolchains/cache:trim
    python3 trim.py [--disk-cache DIRECTORY] [--max-size SIZE] [--quiet]

Bazel does the same after each command, but only while its server is idle: the next command,
`shutdown`, a signal, or the end of a CI job interrupts it. `bazelw shutdown` runs this first.
It is safe beside a running build: whole files are removed, and none that was used meanwhile.
Exit codes: 0 the cache is within its bound, 1 it cannot be trimmed, 2 bad usage.
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
# Bazel writes a file in `tmp` and renames it; what is older was left by one that was killed.
_TEMPORARY_FOR = 24 * 3600


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """A file of the cache, in Bazel's order of removal: `ac` before `cas` at the same time."""

    used: int
    """When, in ns: Bazel touches what it uses."""
    path: Path
    size: int


@dataclass(frozen=True, slots=True)
class Trimmed:
    """What was done."""

    removed: int
    """Number of files."""
    removed_size: int
    size: int
    """What the cache holds now, in bytes."""


def main(arguments: list[str]) -> int:
    """Trim; return the exit code."""
    parser = argparse.ArgumentParser(prog="trim", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--disk-cache", type=Path, metavar="DIRECTORY", help="instead of the one builds here use"
    )
    parser.add_argument(
        "--max-size", type=size_of, metavar="SIZE", help="such as 500M; .bazelrc's when left out"
    )
    parser.add_argument(
        "--quiet", action="store_true", help="print nothing if nothing is to be removed"
    )
    options = parser.parse_args(arguments)
    if options.disk_cache and not options.disk_cache.is_dir():
        parser.error(f"--disk-cache {options.disk_cache}: no such directory")
    most = options.max_size if options.max_size is not None else size_of(settings()[1])
    for root in [options.disk_cache] if options.disk_cache else disk_caches():
        try:
            trimmed = trim(root, most)
        except OSError as error:
            print(f"disk cache {root}: cannot be trimmed ({error})", file=sys.stderr)
            return 1
        if trimmed.removed or not options.quiet:
            print(
                f"disk cache {root}: removed {trimmed.removed} files, "
                f"{readable(trimmed.removed_size)}; it holds {readable(trimmed.size)} of at most "
                f"{readable(most)}"
            )
    return 0


def size_of(text: str) -> int:
    """A size as Bazel's options have it: 20G is 20 GiB."""
    match = _SIZE.fullmatch(text)
    if not match:
        raise argparse.ArgumentTypeError(f"{text}: write a size such as 500M or 20G")
    return int(match[1]) << 10 * " KMGT".index(match[2] or " ")


def readable(size: int) -> str:
    """A size as people read it."""
    return f"{size / (1 << 30):.1f} GiB" if size >= 1 << 30 else f"{size / (1 << 20):.1f} MiB"


def settings() -> tuple[str, str]:
    """The disk cache and its bound, as .bazelrc has them."""
    found = dict(_OPTION.findall(_RC.read_text(encoding="utf-8")))
    return found["disk_cache"], found["experimental_disk_cache_gc_max_size"]


def disk_caches() -> list[Path]:
    """The disk caches of builds here: .bazelrc's, and the bootstrapped Bazel's if it differs."""
    named = [Path(settings()[0]).expanduser()]
    with suppress(UnavailableError):
        named.append(user_cache() / "disk-cache")
    return list(dict.fromkeys(path.resolve() for path in named if path.is_dir()))


def trim(root: Path, most: int) -> Trimmed:
    """Remove the least recently used files of a cache until it holds `most` bytes."""
    with _alone(root):
        found = sorted(entries(root))
        size = sum(entry.size for entry in found)
        excess, removed, removed_size = size - most, 0, 0
        for entry in found:
            if excess <= 0:
                break
            excess -= entry.size
            if _remove(entry):
                removed += 1
                removed_size += entry.size
        _remove_temporary(root / "tmp")
        return Trimmed(removed, removed_size, size - removed_size)


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Holds the lock that Bazel holds while it trims the cache."""
    lock = root / "gc" / "lock"
    lock.parent.mkdir(exist_ok=True)
    with lock.open("w") as file:
        fcntl.lockf(file, fcntl.LOCK_EX)
        yield


def entries(root: Path) -> Iterator[Entry]:
    """Yields what Bazel keeps: cas/XX/DIGEST and ac/XX/DIGEST, and below another hash's name."""
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
    """Remove a file, unless it was used since it was listed."""
    try:
        if entry.path.lstat().st_mtime_ns != entry.used:
            return False
        entry.path.unlink()
    except FileNotFoundError:
        return False
    return True


def _remove_temporary(directory: Path) -> None:
    """Remove what killed Bazels left half written, which Bazel never does."""
    now = time.time()
    for path in directory.glob("*"):
        with suppress(FileNotFoundError):
            if path.is_file() and now - path.lstat().st_mtime > _TEMPORARY_FOR:
                path.unlink()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
