"""Installs the wheels of a requirements lock, each project into its own directory.

A repository rule runs this module with the interpreter that runs the programs, so it uses only the
standard library, and pip selects wheels for this interpreter. One call of pip downloads all wheels
into a cache that all output bases share; cached wheels are not downloaded again.

    OUTPUT/PROJECT/site-packages/   importable files
    OUTPUT/PROJECT/bin/             programs
    OUTPUT/PROJECT/NAME.whl         the wheel itself

Exit codes: 0 done; 1 the registry lacks a wheel of the lock or has a different file; 2 the lock or
the host is invalid; 75 the registry could not be reached, and a rerun may succeed.
"""

from __future__ import annotations

import argparse
import compileall
import hashlib
import platform
import re
import shutil
import stat
import sys
import sysconfig
import zipfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from py_compile import PycInvalidationMode

from toolchains.debian.errors import UnavailableError
from toolchains.debian.user_cache import user_cache
from toolchains.wheels.pip_download import INVALID, UNREACHABLE, FetchError, LockFile, download
from toolchains.wheels.wheel_cache import locked, place, publish, sha256, staging

_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_PIN = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*==", re.MULTILINE)

# The directories for the files in NAME.data (binary distribution format).
_DATA = {"platlib": "site-packages", "purelib": "site-packages", "scripts": "bin"}


def wheels_of(requirements: str, lock: LockFile, cache: Path) -> list[Path]:
    """The wheels of requirements for this interpreter, from the cache or through pip.

    Args:
      requirements: text of a requirements file, each line with its hashes.
      lock: the file that they are from, for messages.
      cache: directory with a directory for each set of wheels; created if it does not exist.

    Returns:
      Paths in the cache, sorted.

    Raises:
      FetchError: a wheel cannot be downloaded, or the cache cannot be written.
    """
    home = cache / _key(requirements)
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with locked(cache / f"{home.name}.lock"):
            if not _complete(home, requirements):
                shutil.rmtree(home, ignore_errors=True)  # absent, or damaged
                with staging(home) as directory:
                    file, wheels = directory / "requirements.txt", directory / "wheels"
                    file.write_text(requirements, encoding="utf-8")
                    download(file, wheels, python=sys.executable, lock=lock)
                    if not _complete(wheels, requirements):
                        raise FetchError(
                            "a wheel was damaged after the download; run the same command again",
                            UNREACHABLE,
                        )
                    publish(wheels, home)
            return sorted(home.iterdir())
    except OSError as error:
        raise FetchError(
            f"the cache {cache} cannot be written ({error.strerror}): set IREE_RELEASE_CACHE to a "
            "writable directory",
            INVALID,
        ) from error


def _key(requirements: str) -> str:
    """The name of a set of wheels: a digest of what pip selects them by."""
    selected_by = (
        requirements,
        str(sys.implementation.cache_tag),
        sysconfig.get_platform(),
        *platform.libc_ver(),
        platform.mac_ver()[0],
    )
    return hashlib.sha256("\0".join(selected_by).encode()).hexdigest()


def _complete(wheels: Path, requirements: str) -> bool:
    """Whether a directory contains a pinned wheel for each requirement, and nothing else."""
    if not wheels.is_dir():
        return False
    digests = {sha256(wheel) for wheel in wheels.iterdir()}
    return digests <= set(_HASH.findall(requirements)) and len(digests) == len(
        _PIN.findall(requirements)
    )


def project_of(wheel: Path) -> str:
    """The project in a wheel's file name, in the form of directory names: `ruamel_yaml`."""
    return re.sub(r"[-_.]+", "_", wheel.name.split("-")[0]).lower()


def unpack(wheel: Path, directory: Path) -> None:
    """Unpacks a wheel as installers do, but without scripts for entry points.

    The result depends only on the wheel.

    Raises:
      FetchError: a path in the wheel is outside of the directory.
    """
    with zipfile.ZipFile(wheel) as archive:
        for member in archive.infolist():
            path = PurePosixPath(member.filename)
            if path.is_absolute() or ".." in path.parts:
                raise FetchError(
                    f"{wheel.name}: {member.filename} is outside of the installation directory; "
                    "remove this project from the lock",
                    INVALID,
                )
            if member.is_dir():
                continue
            target = directory / _installed_path(path)
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(member) as source, target.open("wb") as file:
                shutil.copyfileobj(source, file)
            mode = member.external_attr >> 16
            program = target.parent == directory / "bin" or mode & stat.S_IXUSR
            target.chmod(0o755 if program else 0o644)


def compile_modules(directory: Path) -> None:
    """Compiles modules into `__pycache__` directories, which are not part of any target.

    Two runs may compile the same source to different files, so actions must not see them. Processes
    that import from this directory instead of their runfiles need not compile the modules.
    """
    compileall.compile_dir(
        directory, quiet=2, invalidation_mode=PycInvalidationMode.UNCHECKED_HASH, workers=1
    )


def _installed_path(path: PurePosixPath) -> PurePosixPath:
    first, *rest = path.parts
    if first.endswith(".data") and len(rest) > 1:
        return PurePosixPath(_DATA.get(rest[0], rest[0]), *rest[1:])
    return "site-packages" / path


def main(arguments: Sequence[str] | None = None) -> int:
    """Installs wheels according to the command line; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument(
        "--requirements", type=Path, required=True, help="Requirements file, a part of the lock"
    )
    parser.add_argument("--lock-name", required=True, help="Name of the lock in messages")
    parser.add_argument("--fix", required=True, help="Command that rewrites the lock")
    parser.add_argument(
        "--output", type=Path, required=True, help="Directory for a directory per project"
    )
    options = parser.parse_args(arguments)
    try:
        requirements = options.requirements.read_text(encoding="utf-8")
        lock = LockFile(options.lock_name, options.fix)
        for wheel in wheels_of(requirements, lock, user_cache() / "pypi"):
            directory = options.output / project_of(wheel)
            unpack(wheel, directory)
            compile_modules(directory)
            place(wheel, directory)
    except UnavailableError as error:
        print(error, file=sys.stderr)
        return INVALID
    except FetchError as error:
        print(error, file=sys.stderr)
        return error.code
    return 0


if __name__ == "__main__":
    sys.exit(main())
