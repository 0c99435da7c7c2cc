"""Installs the locked npm packages into the user's cache, once for all clones of the workspace.

A repository rule runs this module. It prints the directory that contains `node_modules`. If the
installation fails, it prints one sentence to standard error and exits with 1.
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

_TIMEOUT = 600
"""Time limit for npm, in seconds."""
# The package describes several GitHub servers in large files; only this one is kept.
_DESCRIPTIONS = "node_modules/@octokit/openapi/generated"
_DESCRIPTION = "api.github.com.json"


def install(npm: Path, manifest: Path, lock: Path, cache: Path) -> Path:
    """Installs the packages if necessary, and returns their directory in the cache.

    Args:
      npm: the program.
      manifest: package.json.
      lock: package-lock.json, which pins all packages by hash.
      cache: contains a directory for each lock and kind of machine.

    Raises:
      UnavailableError: npm fails, or the cache is not writable.
    """
    kind = f"{platform.system()}-{platform.machine()}".encode()
    content = b"\0".join((manifest.read_bytes(), lock.read_bytes(), kind))
    home = cache / hashlib.sha256(content).hexdigest()
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with locked(cache / f"{home.name}.lock"):
            if not home.is_dir():
                with staging(home) as scratch:
                    installed = scratch / "made"
                    installed.mkdir()
                    shutil.copy(manifest, installed / "package.json")
                    shutil.copy(lock, installed / "package-lock.json")
                    _run_npm(npm, installed)
                    for path in (installed / _DESCRIPTIONS).iterdir():
                        if path.name != _DESCRIPTION:
                            path.unlink()
                    installed.rename(home)
    except OSError as error:
        raise UnavailableError(
            f"the cache {cache} is not writable ({error.strerror}); set IREE_RELEASE_CACHE to a "
            "writable directory"
        ) from error
    return home


def _run_npm(npm: Path, directory: Path) -> None:
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    try:
        result = subprocess.run(
            [npm, "ci", *options],
            cwd=directory,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise UnavailableError(f"`npm ci` took more than {_TIMEOUT} s") from error
    if result.returncode:
        message = result.stderr.strip().replace("\n", " ")[-500:]
        raise UnavailableError(
            f"`npm ci` exited with {result.returncode}; check npm's configuration and the network: "
            f"{message}"
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line program; returns the exit code."""
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
