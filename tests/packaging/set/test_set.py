"""The built release set passes the gate: it matches plan, manifest and checksums."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from release.gate.inspection import InspectionContext
from release.gate.judge import GateInputs, judge
from release.gate.pool import inspect_all
from release.model import manifest, plan
from release.model.release_dir import ReleaseDirectory
from release.model.state import CellState
from release.model.verdicts import Verdicts


def files(variable: str) -> list[Path]:
    return sorted(Path(os.environ[variable]).iterdir())


@pytest.fixture(scope="module")
def release() -> ReleaseDirectory:
    """The built set; manifest and checksums are in one directory."""
    documents = {Path(path).name: Path(path) for path in os.environ["MANIFEST"].split()}
    sums = documents["SHA256SUMS"].read_text().splitlines()
    return ReleaseDirectory(
        plan=plan.read(Path(os.environ["PLAN"])),
        manifest=manifest.read(documents["manifest.json"]),
        sums={name: digest for digest, _, name in (line.partition("  ") for line in sums)},
        files=(*files("WHEELHOUSE"), *files("DISTS")),
    )


@pytest.fixture(scope="module")
def verdicts(release: ReleaseDirectory) -> Verdicts:
    """The gate's verdicts without smoke tests, which tests/packaging/installed runs."""
    reports = inspect_all(
        release.files, InspectionContext.from_plan(release.plan, release.manifest)
    )
    case = GateInputs(release.plan, reports, release.manifest, release.sums)
    return judge(case, date.today())


def test_every_cell_passes_and_none_is_missing(verdicts: Verdicts) -> None:
    assert not verdicts.faults, "\n".join(map(str, verdicts.faults))
    assert {cell.state for cell in verdicts.cells} == {CellState.BUILT}


def test_peculiarities_of_the_prebuilt_payload_are_reported(verdicts: Verdicts) -> None:
    """Our binaries are upstream's: notes report their version stamp and build paths."""
    assert {str(note.check) for note in verdicts.notes} == {"stamp", "build_path"}
    stamped = {note.file for note in verdicts.notes if note.check == "stamp"}
    assert stamped == {
        path
        for path in (size.file for size in verdicts.sizes)
        if path.startswith(("iree_compiler-", "iree-dist-"))
    }


def test_native_files_are_declared_as_prebuilt_upstream(release: ReleaseDirectory) -> None:
    assert release.manifest
    for artifact in release.manifest.artifacts.values():
        assert artifact.origins, artifact.filename
        for origin in artifact.origins:
            assert origin.kind == "prebuilt"
            assert origin.sources
            if artifact.platform != "any":
                assert origin.revision, artifact.filename
