"""Installs the wheels of a requirements lock, each project into a directory of its own.

A repository rule runs this module with the interpreter that runs the programs, so it needs the
standard library alone, and pip chooses for each project the wheel that this interpreter takes. All
wheels are downloaded in one call of pip, into a cache that all output bases share; what is there is
not downloaded again.

    OUTPUT/PROJECT/site-packages/   what the wheel installs for import
    OUTPUT/PROJECT/bin/             its programs
    OUTPUT/PROJECT/NAME.whl         the wheel itself

Exit codes: 0 done; 1 the registry does not have what the lock names; 2 the lock or the host is
wrong; 75 the registry could not be reached, and a rerun may succeed.
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
from toolchains.wheels.pip_download import MISUSED, UNREACHABLE, FetchError, LockFile, download
from toolchains.wheels.wheel_cache import locked, place, publish, sha256, staging

_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_PIN = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*==", re.MULTILINE)

# Where an installer puts what a wheel keeps in NAME.data (binary distribution format).
_DATA = {"platlib": "site-packages", "purelib": "site-packages", "scripts": "bin"}


def wheels_of(requirements: str, lock: LockFile, cache: Path) -> list[Path]:
    """The wheels that requirements pin and this interpreter takes, from the cache or through pip.

    Args:
      requirements: text of a requirements file, each line with its hashes.
      lock: the file that it is a part of, for messages.
      cache: directory that holds a directory for each set; made when absent.

    Returns:
      Paths in the cache, sorted.

    Raises:
      FetchError: a wheel cannot be had, or the cache cannot be written.
    """
    home = cache / _key(requirements)
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with locked(cache / f"{home.name}.lock"):
            if not _whole(home, requirements):
                shutil.rmtree(home, ignore_errors=True)  # absent, or damaged since
                with staging(home) as aside:
                    file, wheels = aside / "requirements.txt", aside / "wheels"
                    file.write_text(requirements, encoding="utf-8")
                    download(file, wheels, python=sys.executable, lock=lock)
                    if not _whole(wheels, requirements):
                        raise FetchError(
                            "a wheel was damaged on its way; run again",
                            UNREACHABLE,
                        )
                    publish(wheels, home)
            return sorted(home.iterdir())
    except OSError as error:
        raise FetchError(
            f"the cache {cache} cannot be written ({error.strerror}); set IREE_RELEASE_CACHE to a "
            "directory that can",
            MISUSED,
        ) from error


def _key(requirements: str) -> str:
    """Names a set of wheels by what pip chooses them by."""
    chosen_by = (
        requirements,
        str(sys.implementation.cache_tag),
        sysconfig.get_platform(),
        *platform.libc_ver(),
        platform.mac_ver()[0],
    )
    return hashlib.sha256("\0".join(chosen_by).encode()).hexdigest()


def _whole(wheels: Path, requirements: str) -> bool:
    """Whether a directory holds a pinned wheel for each requirement, and nothing else."""
    if not wheels.is_dir():
        return False
    digests = {sha256(wheel) for wheel in wheels.iterdir()}
    return digests <= set(_HASH.findall(requirements)) and len(digests) == len(
        _PIN.findall(requirements)
    )


def project_of(wheel: Path) -> str:
    """The project of a wheel by its file name, as directories are named: `ruamel_yaml`."""
    return re.sub(r"[-_.]+", "_", wheel.name.split("-")[0]).lower()


def unpack(wheel: Path, directory: Path) -> None:
    """Unpacks a wheel as installers do: what is imported, and programs.

    No entry point gets a script, so equal wheels give equal directories.

    Raises:
      FetchError: a path in the wheel leads out of the directory.
    """
    with zipfile.ZipFile(wheel) as archive:
        for member in archive.infolist():
            path = PurePosixPath(member.filename)
            if path.is_absolute() or ".." in path.parts:
                raise FetchError(
                    f"{wheel.name}: {member.filename} leads out of the directory it is unpacked "
                    "in; take this project out of the lock",
                    MISUSED,
                )
            if member.is_dir():
                continue
            target = directory / _place_of(path)
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(member) as source, target.open("wb") as file:
                shutil.copyfileobj(source, file)
            mode = member.external_attr >> 16
            program = target.parent == directory / "bin" or mode & stat.S_IXUSR
            target.chmod(0o755 if program else 0o644)


def compile_modules(directory: Path) -> None:
    """Compiles what can be, into directories `__pycache__`, which no target has among its files.

    Two runs may give other bytes for equal sources, so actions must not see them. Who imports from
    here and not from its runfiles is spared compiling anew in each process.
    """
    compileall.compile_dir(
        directory, quiet=2, invalidation_mode=PycInvalidationMode.UNCHECKED_HASH, workers=1
    )


def _place_of(path: PurePosixPath) -> PurePosixPath:
    first, *rest = path.parts
    if first.endswith(".data") and len(rest) > 1:
        return PurePosixPath(_DATA.get(rest[0], rest[0]), *rest[1:])
    return "site-packages" / path


def main(arguments: Sequence[str] | None = None) -> int:
    """Installs what the command line asks for; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--requirements", type=Path, required=True, help="a part of the lock")
    parser.add_argument("--lock-name", required=True, help="what messages call the lock")
    parser.add_argument("--fix", required=True, help="the command that rewrites the lock")
    parser.add_argument("--output", type=Path, required=True, help="gets a directory per project")
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
        return MISUSED
    except FetchError as error:
        print(error, file=sys.stderr)
        return error.code
    return 0


if __name__ == "__main__":
    sys.exit(main())
