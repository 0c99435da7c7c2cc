"""Installs the locked npm packages into the user's cache, once for all clones of the workspace.

A repository rule runs this module. It prints the directory that holds `node_modules`, or, where
they cannot be had, one sentence on standard error and ends with 1.
"""

from __future__ import annotations

import argparse
import hashlib
import platform
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from toolchains.debian.errors import UnavailableError
from toolchains.debian.user_cache import user_cache
from toolchains.wheels.wheel_cache import locked, staging

_LONGEST = 600
"""Seconds that npm may take."""
# GitHub describes several servers; the others are large.
_DESCRIPTIONS = "node_modules/@octokit/openapi/generated"
_DESCRIPTION = "api.github.com.json"


def install(npm: Path, manifest: Path, lock: Path, cache: Path) -> Path:
    """Returns the directory in the cache with the packages, which are installed if they are not
    there.

    Args:
      npm: the program.
      manifest: package.json.
      lock: package-lock.json, which pins all packages by hash.
      cache: holds a directory for each lock and kind of machine.

    Raises:
      UnavailableError: npm fails, or the cache cannot be written.
    """
    kind = f"{platform.system()}-{platform.machine()}".encode()
    content = b"\0".join((manifest.read_bytes(), lock.read_bytes(), kind))
    home = cache / hashlib.sha256(content).hexdigest()
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with locked(cache / f"{home.name}.lock"):
            if not home.is_dir():
                with staging(home) as aside:
                    made = aside / "made"
                    made.mkdir()
                    shutil.copy(manifest, made / "package.json")
                    shutil.copy(lock, made / "package-lock.json")
                    _call(npm, made)
                    for path in (made / _DESCRIPTIONS).iterdir():
                        if path.name != _DESCRIPTION:
                            path.unlink()
                    made.rename(home)
    except OSError as error:
        raise UnavailableError(
            f"the cache {cache} cannot be written ({error.strerror}); set IREE_RELEASE_CACHE to a "
            "directory that can"
        ) from error
    return home


def _call(npm: Path, directory: Path) -> None:
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    try:
        done = subprocess.run(
            [npm, "ci", *options],
            cwd=directory,
            capture_output=True,
            text=True,
            timeout=_LONGEST,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise UnavailableError(f"`npm ci` took more than {_LONGEST} s") from error
    if done.returncode:
        said = done.stderr.strip().replace("\n", " ")[-500:]
        raise UnavailableError(
            f"`npm ci` ended with {done.returncode}; check npm's configuration and the network: "
            f"{said}"
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Installs what the command line names; returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--npm", type=Path, required=True)
    parser.add_argument("--manifest", type=Path, required=True, help="package.json")
    parser.add_argument("--lock", type=Path, required=True, help="package-lock.json")
    options = parser.parse_args(arguments)
    try:
        print(install(options.npm, options.manifest, options.lock, user_cache() / "npm"))
    except UnavailableError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
