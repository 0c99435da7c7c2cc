"""Directories of unpacked Debian packages, whose programs run in place.

A prefix is created atomically: it is filled in a staging directory, under a lock, and renamed.
Its programs contain its absolute path, so it does not work after a move; `location` therefore makes
the path part of the prefix's name.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from toolchains.debian.errors import UnavailableError
from toolchains.debian.machine import Machine

_STAGING = ".staging-"
_UNUSED = ("usr/share/doc", "usr/share/locale", "usr/share/man", "usr/share/lintian")


def location(directory: Path, name: str, recipe: Iterable[Path]) -> Path:
    """The path of a prefix, which is unique to its recipe and its parent directory.

    Args:
        directory: the parent directory of prefixes.
        name: the name of the prefix's content.
        recipe: the Python modules that create it, or directories of them.
    """
    digest = hashlib.sha256(str(directory).encode())
    files = (path for part in recipe for path in (part.glob("*.py") if part.is_dir() else [part]))
    for module in sorted(files):
        digest.update(hashlib.sha256(module.read_bytes()).digest())
    return directory / f"{name}-{digest.hexdigest()[:12]}"


def publish(
    prefix: Path, fill: Callable[[Path], None], waiting: Callable[[], None] = lambda: None
) -> None:
    """Create a prefix, once, even if several processes ask for it at the same time.

    Args:
        prefix: its path; nothing is done if it exists.
        fill: fills an empty directory beside `prefix`, which is then renamed to it.
        waiting: called before waiting for another process that is filling it.

    Raises:
        UnavailableError: the parent directory cannot be written.
    """
    if prefix.exists():
        return
    try:
        prefix.parent.mkdir(parents=True, exist_ok=True)
        with _locked(prefix.parent, waiting):
            if prefix.exists():
                return
            for leftover in prefix.parent.glob(f"{_STAGING}*"):
                # A child of a killed process may still be writing there.
                shutil.rmtree(leftover, ignore_errors=True)
            with tempfile.TemporaryDirectory(
                dir=prefix.parent, prefix=_STAGING, ignore_cleanup_errors=True
            ) as staging:
                filled = Path(staging, "prefix")
                filled.mkdir()
                fill(filled)
                os.sync()
                filled.rename(prefix)
    except OSError as error:
        raise UnavailableError(
            f"{prefix} cannot be created ({error}): set IREE_RELEASE_CACHE to a writable directory "
            "with free space"
        ) from error


@contextmanager
def _locked(directory: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Lock the directory; the lock of a killed process is released."""
    lock = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def unpack(packages: Iterable[Path], directory: Path) -> None:
    """Unpack Debian packages into one directory, without files that no program reads.

    Raises:
        UnavailableError: a package cannot be unpacked.
    """

    def unpack_one(package: Path) -> None:
        done = subprocess.run(
            ["dpkg-deb", "--extract", str(package), str(directory)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )
        if done.returncode != 0:
            raise UnavailableError(f"{package.name} cannot be unpacked: {done.stderr.strip()}")

    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for _ in pool.map(unpack_one, packages):
            pass
    for unused in _UNUSED:
        shutil.rmtree(directory / unused, ignore_errors=True)


def relink(directory: Path) -> None:
    """Make absolute symbolic links relative, so that they point into the prefix."""
    for parent, directories, files in os.walk(directory):
        for name in directories + files:
            link = Path(parent, name)
            if link.is_symlink() and (target := link.readlink()).is_absolute():
                link.unlink()
                link.symlink_to(os.path.relpath(directory / target.relative_to("/"), parent))


def patch_programs(
    programs: Iterable[str],
    directory: Path,
    prefix: Path,
    machine: Machine,
    libraries: Iterable[str] = (),
) -> None:
    """Make programs use the loader and the libraries of their prefix instead of the host's.

    Args:
        programs: the programs, relative to the prefix.
        directory: where the prefix is being filled; it contains the package patchelf.
        prefix: the final path of the prefix.
        machine: the machine that the programs are built for.
        libraries: directories, relative to the prefix, that are searched before the system's.

    Raises:
        UnavailableError: a program cannot be patched.
    """
    system = directory / "usr/lib" / machine.multiarch
    loader = prefix / "usr/lib" / machine.multiarch / machine.loader
    run_path = ":".join([*(str(prefix / path) for path in libraries), str(loader.parent)])
    # patchelf itself is not patched, so the loader gets its library path as an option.
    patchelf = (system / machine.loader, "--library-path", system, directory / "usr/bin/patchelf")
    for program in programs:
        # One change at a time and in this order: patchelf 0.18 breaks a program that is not
        # position-independent when it makes both at once. DT_RPATH, unlike DT_RUNPATH, also
        # serves the libraries of libraries.
        for change in (("--force-rpath", "--set-rpath", run_path), ("--set-interpreter", loader)):
            done = subprocess.run(
                [*patchelf, *change, directory / program],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
            )
            if done.returncode != 0:
                raise UnavailableError(
                    f"{program} in {prefix} cannot be patched: {done.stderr.strip()}"
                )
