"""Every fault in an otherwise valid release is found, by the right check and in the right file.

The valid release is the complete built one. Files that a mutation does not change keep their
reports, so each mutation costs only the inspection of the files that it changes.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from release.gate.inspection import InspectionContext, inspect
from release.gate.judge import GateInputs, check_set
from release.gate.pool import inspect_all
from release.gate.report import Report
from release.model import manifest, plan
from release.model.finding import Check, Finding
from tests.release.gate.mutations.catalogue import MUTATIONS
from tests.release.gate.mutations.editable import EditableRelease
from tests.release.gate.mutations.mutation import Mutation
from tests.tally import tally

PLAN = plan.read(Path(os.environ["PLAN"]))
MANIFEST = manifest.read(
    next(Path(p) for p in os.environ["MANIFEST"].split() if p.endswith(".json"))
)
CONTEXT = InspectionContext.from_plan(PLAN, MANIFEST)
GOOD = {
    path.name: path.resolve()
    for directory in (os.environ["WHEELHOUSE"], os.environ["DISTS"])
    for path in sorted(Path(directory).iterdir())
}


@pytest.fixture(scope="module")
def good() -> dict[str, Report]:
    """Reports on the valid release, by file name."""
    reports = inspect_all([*GOOD.values()], CONTEXT)
    return {report.filename: report for report in reports}


@pytest.fixture
def release() -> Iterator[EditableRelease]:
    """A directory of links to the valid files."""
    with tempfile.TemporaryDirectory() as directory:
        for name, path in GOOD.items():
            Path(directory, name).symlink_to(path)
        yield EditableRelease(Path(directory))


def faults_of(release: EditableRelease, good: dict[str, Report]) -> list[Finding]:
    """The faults that the gate finds in a release."""
    changed = {path.name: inspect(path, CONTEXT) for path in release.changed()}
    present = [path.name for path in sorted(release.directory.iterdir())]
    reports = [changed.get(name) or good[name] for name in present]
    return [finding for finding in check_set(GateInputs(PLAN, reports)) if finding.fault]


def test_the_valid_release_has_no_fault(good: dict[str, Report]) -> None:
    """Catches: a gate that refuses every release."""
    found = check_set(GateInputs(PLAN, [*good.values()], MANIFEST))
    assert not [finding for finding in found if finding.fault]


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda one: one.name.replace(" ", "_"))
def test_the_fault_is_found(
    mutation: Mutation, release: EditableRelease, good: dict[str, Report]
) -> None:
    changed = mutation.apply(release)
    name = changed.name if isinstance(changed, Path) else changed
    found = faults_of(release, good)
    assert [
        finding
        for finding in found
        if (finding.check, finding.file) == (mutation.check, name)
        and mutation.message in str(finding)
    ], "\n".join(map(str, found)) or "no fault was found"
    tally("mutations", 1, f"found: {mutation.name}")


def test_a_file_that_was_replaced_after_the_build_is_found(good: dict[str, Report]) -> None:
    """Catches: a valid file that is not the one that was built."""
    reports = dict(good)
    one, other = sorted(name for name in reports if name.startswith("iree_tools"))
    stale = Report(one, "wheel", reports[other].sha256, reports[other].size, (), reports[one].wheel)
    found = check_set(GateInputs(PLAN, [*(reports | {one: stale}).values()], MANIFEST))
    assert [(f.file, f.check) for f in found if f.fault] == [(one, Check.SET_DIGEST)]


def test_there_are_enough_mutations_and_all_are_different() -> None:
    assert len(MUTATIONS) >= 40
    assert len({mutation.name for mutation in MUTATIONS}) == len(MUTATIONS)


def test_every_check_has_a_mutation_that_it_must_find() -> None:
    """Catches: a new check that no test has ever made fail."""
    elsewhere = {
        Check.SET_DIGEST,  # above
        Check.SET_UNSERVED,  # these in test_judge.py, on reports
        Check.SET_AMBIGUOUS,
        Check.SET_CLASH,
        Check.SET_SIZE,
        Check.RUN,  # tests/release/gate/smoke
    }
    assert {*Check} - {mutation.check for mutation in MUTATIONS} == elsewhere
