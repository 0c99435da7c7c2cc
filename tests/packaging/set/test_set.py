"""The built set passes the gate: every byte of it is what plan, manifest and sums say."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from release.gate.inspection import Context
from release.gate.judge import Evidence, judge
from release.gate.pool import inspect_all
from release.model import manifest, plan
from release.model.release_dir import ReleaseDirectory
from release.model.verdicts import Verdicts


def files(variable: str) -> list[Path]:
    return sorted(Path(os.environ[variable]).iterdir())


@pytest.fixture(scope="module")
def release() -> ReleaseDirectory:
    """The built set; plan, manifest and sums lie beside one another."""
    documents = {Path(path).name: Path(path) for path in os.environ["MANIFEST"].split()}
    sums = documents["SHA256SUMS"].read_text().splitlines()
    return ReleaseDirectory(
        plan=plan.read(Path(os.environ["PLAN"])),
        plan_json={},
        manifest=manifest.read(documents["manifest.json"]),
        manifest_json=None,
        sums={name: digest for digest, _, name in (line.partition("  ") for line in sums)},
        files=(*files("WHEELHOUSE"), *files("DISTS")),
    )


@pytest.fixture(scope="module")
def verdicts(release: ReleaseDirectory) -> Verdicts:
    """What the gate says of it, without running it: tests/packaging/installed does that."""
    reports = inspect_all(release.files, Context.of(release.plan, release.manifest))
    case = Evidence(release.plan, reports, release.manifest, release.sums)
    return judge(case, date.today())


def test_every_cell_is_right_and_none_is_missing(verdicts: Verdicts) -> None:
    assert not verdicts.faults, "\n".join(map(str, verdicts.faults))
    assert {cell.state for cell in verdicts.cells} == {"right"}


def test_what_is_inherited_from_pinned_payload_is_told(verdicts: Verdicts) -> None:
    """Our binaries are upstream's: their stamp and their builder's paths are named, not hidden."""
    assert {str(note.check) for note in verdicts.notes} == {"stamp", "build_path"}
    stamped = {note.file for note in verdicts.notes if note.check == "stamp"}
    assert stamped == {
        path
        for path in (size.file for size in verdicts.sizes)
        if path.startswith(("iree_compiler-", "iree-dist-"))
    }


def test_native_bytes_are_declared_as_pinned_from_upstream(release: ReleaseDirectory) -> None:
    assert release.manifest
    for artifact in release.manifest.artifacts.values():
        assert artifact.origins, artifact.filename
        for origin in artifact.origins:
            assert origin.kind == "prebuilt"
            assert origin.sources
            if artifact.platform != "any":
                assert origin.revision, artifact.filename
