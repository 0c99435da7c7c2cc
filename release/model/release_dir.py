"""A release in a directory: the output of the build, or all files in one directory."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from release.model import manifest, plan
from release.model.errors import UsageError
from release.model.manifest import Manifest
from release.model.plan import Plan

_SUFFIXES = (".whl", ".tar.xz")
_PARTS = ("wheelhouse", "dists")


class ReleaseDirectoryError(UsageError):
    """A directory contains no release."""


@dataclass(frozen=True, slots=True)
class ReleaseDirectory:
    """A release in a directory."""

    plan: Plan
    manifest: Manifest | None
    sums: dict[str, str] | None
    """SHA256SUMS, if it exists: digests in hex by file name."""
    files: tuple[Path, ...]
    """Its wheels and dists."""


def read(directory: Path, plan_file: Path | None = None) -> ReleaseDirectory:
    """Reads plan and manifest of a directory, and lists its files.

    Args:
      directory: contains the files, or wheelhouse/ and dists/ with them.
      plan_file: the plan; by default plan.json in the directory.

    Raises:
      ReleaseDirectoryError: the directory does not exist, or contains no release.
      document.DocumentError: the plan or the manifest cannot be read.
    """
    if not directory.is_dir():
        raise ReleaseDirectoryError(
            f"{directory}: the directory does not exist; `./bazelw build //products/NAME:all` "
            "creates bazel-bin/products/NAME"
        )
    files = [
        path
        for place in (directory, *(directory / part for part in _PARTS))
        if place.is_dir()
        for path in sorted(place.iterdir())
        if path.is_file() and path.name.endswith(_SUFFIXES)
    ]
    if not files:
        raise ReleaseDirectoryError(f"{directory}: it contains no wheel and no dist archive")
    repeated = [name for name, count in Counter(path.name for path in files).items() if count > 1]
    if repeated:
        raise ReleaseDirectoryError(f"{directory}: {repeated[0]} appears twice; remove one")
    manifest_file = directory / "manifest.json"
    return ReleaseDirectory(
        plan=plan.read(plan_file or directory / "plan.json"),
        manifest=manifest.read(manifest_file) if manifest_file.exists() else None,
        sums=_sums(directory / "SHA256SUMS"),
        files=tuple(files),
    )


def _sums(path: Path) -> dict[str, str] | None:
    """The output of `sha256sum`: a digest, two characters and a name in each line.

    Raises:
      ReleaseDirectoryError: a line has another form.
    """
    if not path.exists():
        return None
    lines = path.read_text(errors="replace").splitlines()
    found = [re.fullmatch(r"([0-9a-f]{64}) [ *](.+)", line) for line in lines]
    if None in found:
        raise ReleaseDirectoryError(
            f"{path}: line {found.index(None) + 1} is not a line of sha256sum"
        )
    return {match[2]: match[1] for match in found if match}


def sha256(path: Path) -> str:
    """The digest of a file, in hex.

    Raises:
      OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def built() -> Path:
    """The directory of the release that this program was built with (packaging/release.bzl).

    Raises:
      UsageError: it was built without a release.
    """
    if "PLAN" not in os.environ:
        raise UsageError("this program was built without a release; name one with --from DIR")
    return Path(os.environ["PLAN"]).absolute().parent


def where(path: Path) -> Path:
    """A path from the command line: `bazel run` does not start programs in the user's directory."""
    return Path(os.environ.get("BUILD_WORKING_DIRECTORY", "."), path)


def workspace() -> Path:
    """The checkout in which `bazel run` was called, or the current directory."""
    return Path(os.environ.get("BUILD_WORKSPACE_DIRECTORY", "."))


def replace(path: Path, content: bytes) -> None:
    """Writes a file atomically: under another name, flushed to disk, then renamed.

    Raises:
      OSError: the file cannot be written.
    """
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    except BaseException:
        temporary.unlink()
        raise
