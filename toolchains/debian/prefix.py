"""A directory of unpacked Debian packages that runs where it lies.

A prefix appears whole or not at all: it is filled aside, under a lock, and renamed into place.
Its programs carry the absolute path of the prefix, so a prefix that was moved is of no use:
`location` gives it a name that the path is part of.
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
    """Where a prefix lies: the same for the same recipe at the same place, and else another.

    Args:
        directory: the directory that holds prefixes.
        name: what the prefix holds.
        recipe: the Python modules that make it, or directories of them.
    """
    digest = hashlib.sha256(str(directory).encode())
    files = (path for part in recipe for path in (part.glob("*.py") if part.is_dir() else [part]))
    for module in sorted(files):
        digest.update(hashlib.sha256(module.read_bytes()).digest())
    return directory / f"{name}-{digest.hexdigest()[:12]}"


def publish(
    prefix: Path, fill: Callable[[Path], None], waiting: Callable[[], None] = lambda: None
) -> None:
    """Make a prefix exist, once, however many ask for it at the same time.

    Args:
        prefix: where it shall lie; nothing is done when it is there.
        fill: fills an empty directory beside `prefix`, which is then renamed to it.
        waiting: called when another process is filling it, before waiting for that one.

    Raises:
        UnavailableError: the directory that shall hold the prefix cannot be written.
    """
    if prefix.exists():
        return
    try:
        prefix.parent.mkdir(parents=True, exist_ok=True)
        with _locked(prefix.parent, waiting):
            if prefix.exists():
                return
            for leftover in prefix.parent.glob(f"{_STAGING}*"):
                # A program that outlived its killed parent may still write there.
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
            f"{prefix} cannot be made ({error}): set IREE_RELEASE_CACHE to a directory that can be "
            "written and has room"
        ) from error


@contextmanager
def _locked(directory: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold the directory for this process alone; a killed process lets go of it."""
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
    """Unpack Debian packages into one directory, without what no program reads.

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
    """Make absolute symbolic links relative, so that they stay inside the prefix."""
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
        directory: where the prefix is being filled; it holds the package patchelf.
        prefix: where the prefix is going to lie.
        machine: what the programs are built for.
        libraries: directories, relative to the prefix, that are searched before the system's.

    Raises:
        UnavailableError: a program cannot be patched.
    """
    system = directory / "usr/lib" / machine.multiarch
    loader = prefix / "usr/lib" / machine.multiarch / machine.loader
    run_path = ":".join([*(str(prefix / path) for path in libraries), str(loader.parent)])
    # patchelf itself is not patched: the loader is told its libraries.
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
                    f"{program} of {prefix} cannot be patched: {done.stderr.strip()}"
                )
