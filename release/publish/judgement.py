"""The gate's verdicts as publishing needs them, from this process or from a directory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from release.model import manifest, verdicts
from release.model.errors import UsageError
from release.model.manifest import Manifest
from release.model.release_dir import ReleaseDirectory
from release.model.verdicts import Verdicts


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether a release may be published, and its manifest with the verdicts."""

    right: bool
    reasons: tuple[str, ...]
    """Why it must not be published, a sentence each."""
    manifest: Manifest


def of(found: Verdicts, release: ReleaseDirectory) -> Judgement:
    """The judgement of a release that was just examined.

    Raises:
      UsageError: it has no manifest.
    """
    if release.manifest is None:
        raise UsageError(
            "the release has no manifest.json; build one with `./bazelw build //products/NAME:all`"
        )
    return Judgement(found.right, found.reasons, release.manifest.with_verdicts(found))


def read(directory: Path, release: ReleaseDirectory) -> Judgement:
    """The judgement that `validate` wrote.

    Args:
      directory: the directory of verdicts.json and manifest.json.
      release: what is to be published.

    Raises:
      document.DocumentError: one of the two cannot be read.
      UsageError: they describe other files.
    """
    found = verdicts.read(directory / "verdicts.json")
    examined = manifest.read(directory / "manifest.json")
    own = release.manifest
    if (
        own is None
        or own.version != examined.version
        or {path.name for path in release.files} != set(examined.artifacts)
        or any(own.artifacts.get(name) != one for name, one in examined.artifacts.items())
    ):
        raise UsageError(
            f"{directory}: its verdicts are about other files; run `validate` on the files to "
            "publish"
        )
    return Judgement(found.right, found.reasons, examined)
