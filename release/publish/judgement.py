"""The gate's answer as publishing needs it: just given, or as `validate` left it in a directory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from release.model import document, manifest
from release.model.errors import UsageError
from release.model.release_dir import ReleaseDirectory
from release.model.verdicts import Verdicts


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether a release may go out, and the manifest that says what the gate found."""

    right: bool
    wrong: tuple[str, ...]
    """What is wrong, a sentence each."""
    manifest_json: Mapping[str, Any]
    """Content of manifest.json, with the verdicts in it."""


def of(verdicts: Verdicts, release: ReleaseDirectory) -> Judgement:
    """The judgement of a release that was just examined.

    Raises:
      UsageError: it has no manifest.
    """
    if release.manifest_json is None:
        raise UsageError(
            "the release has no manifest.json; `./bazelw build //packaging:all` makes one"
        )
    wrong = [
        f"{cell.name}: {cell.why[0] if cell.why else f'{cell.file} is missing'}"
        for cell in verdicts.cells
        if cell.state == "wrong"
    ]
    return Judgement(
        verdicts.right,
        tuple(wrong or map(str, verdicts.faults)),
        verdicts.into_manifest(release.manifest_json),
    )


def read(directory: Path, release: ReleaseDirectory) -> Judgement:
    """The judgement that `validate` wrote.

    Args:
      directory: has its verdicts.json and manifest.json.
      release: what is to be published.

    Raises:
      document.DocumentError: one of the two cannot be read.
      UsageError: they are of other bytes.
    """
    verdicts = document.read(directory / "verdicts.json", "verdicts", dict)
    stated = document.read(directory / "manifest.json", "manifest", dict)
    judged = manifest.read(directory / "manifest.json")
    own = release.manifest
    if (
        own is None
        or own.version != judged.version
        or {path.name for path in release.files} != set(judged.artifacts)
        or any(own.artifacts.get(name) != each for name, each in judged.artifacts.items())
    ):
        raise UsageError(
            f"{directory}: its verdicts are of other files; run `validate` on what is to be "
            "published"
        )
    wrong = [
        f"{cell['package'] or 'dist'} {cell['platform']}: {(cell['why'] or ['missing'])[0]}"
        for cell in verdicts["cells"]
        if cell["state"] == "wrong"
    ]
    faults = [finding["message"] for finding in verdicts["findings"] if finding["fault"]]
    return Judgement(bool(verdicts["right"]), tuple(wrong or faults), stated)
