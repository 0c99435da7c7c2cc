"""A release as it lies in a directory: the build's output, or all files side by side."""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from release.model import manifest, plan
from release.model.errors import UsageError
from release.model.manifest import Manifest
from release.model.plan import Plan

_SUFFIXES = (".whl", ".tar.xz")
_PARTS = ("wheelhouse", "dists")


class ReleaseDirectoryError(UsageError):
    """A directory holds no release."""


@dataclass(frozen=True, slots=True)
class ReleaseDirectory:
    """A release in a directory."""

    plan: Plan
    plan_json: dict[str, Any]
    """The content of plan.json."""
    manifest: Manifest | None
    manifest_json: dict[str, Any] | None
    """The content of manifest.json as it stands there, to be completed and written elsewhere."""
    sums: dict[str, str] | None
    """SHA256SUMS, where there is one: digests in hex by file name."""
    files: tuple[Path, ...]
    """Its wheels and dists."""


def read(directory: Path, plan_file: Path | None = None) -> ReleaseDirectory:
    """Reads plan and manifest of a directory, and lists its files.

    Args:
      directory: has the files, or has them in wheelhouse/ and dists/.
      plan_file: the plan; by default plan.json in the directory.

    Raises:
      ReleaseDirectoryError: there is no such directory, or nothing in it that could be a release.
      document.DocumentError: plan or manifest cannot be read.
    """
    if not directory.is_dir():
        raise ReleaseDirectoryError(
            f"{directory}: there is no such directory; `./bazelw build //packaging:all` makes "
            "bazel-bin/packaging"
        )
    files = [
        path
        for place in (directory, *(directory / part for part in _PARTS))
        if place.is_dir()
        for path in sorted(place.iterdir())
        if path.is_file() and path.name.endswith(_SUFFIXES)
    ]
    if not files:
        raise ReleaseDirectoryError(f"{directory}: it holds no wheel and no dist archive")
    twice = [name for name, count in Counter(path.name for path in files).items() if count > 1]
    if twice:
        raise ReleaseDirectoryError(
            f"{directory}: {twice[0]} is in it twice; take one of them away"
        )
    planned = plan_file or directory / "plan.json"
    stated = directory / "manifest.json"
    return ReleaseDirectory(
        plan=plan.read(planned),
        plan_json=json.loads(planned.read_bytes()),
        manifest=manifest.read(stated) if stated.exists() else None,
        manifest_json=json.loads(stated.read_bytes()) if stated.exists() else None,
        sums=_sums(directory / "SHA256SUMS"),
        files=tuple(files),
    )


def _sums(path: Path) -> dict[str, str] | None:
    """What `sha256sum` wrote: a digest, two characters and a name in each line.

    Raises:
      ReleaseDirectoryError: a line is none of its.
    """
    if not path.exists():
        return None
    lines = path.read_text(errors="replace").splitlines()
    found = [re.fullmatch(r"([0-9a-f]{64}) [ *](.+)", line) for line in lines]
    if None in found:
        raise ReleaseDirectoryError(
            f"{path}: line {found.index(None) + 1} is not one of sha256sum's"
        )
    return {match[2]: match[1] for match in found if match}


def sha256(path: Path) -> str:
    """The digest of a file, in hex.

    Raises:
      OSError: it cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def built() -> Path:
    """The directory of the release that a program was built with (packaging/release.bzl).

    Raises:
      UsageError: it was built without one.
    """
    if "PLAN" not in os.environ:
        raise UsageError("no release was built with this program; name one with --from DIR")
    return Path(os.environ["PLAN"]).absolute().parent


def where(path: Path) -> Path:
    """A path of the command line: `bazel run` starts programs in a directory of its own."""
    return Path(os.environ.get("BUILD_WORKING_DIRECTORY", "."), path)


def workspace() -> Path:
    """The checkout that `bazel run` was called in, or the current directory."""
    return Path(os.environ.get("BUILD_WORKSPACE_DIRECTORY", "."))


def replace(path: Path, content: bytes) -> None:
    """Writes a file that is then there whole, or as it was: aside, to disk, renamed.

    Raises:
      OSError: it cannot be written.
    """
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    aside = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        aside.chmod(0o644)
        aside.replace(path)
    except BaseException:
        aside.unlink()
        raise
