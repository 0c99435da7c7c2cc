"""The files that `validate` and `nightly` write: verdicts.json, junit.xml and manifest.json."""

from __future__ import annotations

from pathlib import Path

from release.gate import junit
from release.model.document import dumps
from release.model.release_dir import ReleaseDirectory, replace
from release.model.verdicts import Verdicts


def write(verdicts: Verdicts, release: ReleaseDirectory, directory: Path) -> None:
    """Writes the verdicts, and the manifest with them if the release has a manifest.

    Raises:
      OSError: the directory cannot be written.
    """
    directory.mkdir(parents=True, exist_ok=True)
    replace(directory / "verdicts.json", dumps(verdicts.to_json()))
    replace(directory / "junit.xml", junit.render(verdicts))
    if release.manifest is not None:
        examined = release.manifest.with_verdicts(verdicts)
        replace(directory / "manifest.json", dumps(examined.to_json()))
