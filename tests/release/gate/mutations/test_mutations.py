"""Every fault that is put into a good set is found, and named for what it is.

The good set is the built one, whole. What a fault leaves as it is keeps its report, so that each
costs only the inspection of the files that it changes.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from release.gate.inspection import Context, inspect
from release.gate.judge import Evidence, check_set
from release.gate.pool import inspect_all
from release.gate.report import Report
from release.model import manifest, plan
from release.model.finding import Check, Finding
from tests.release.gate.mutations.fault import Fault
from tests.release.gate.mutations.faults import FAULTS
from tests.release.gate.mutations.workshop import Workshop
from tests.tally import tally

PLAN = plan.read(Path(os.environ["PLAN"]))
MANIFEST = manifest.read(
    next(Path(p) for p in os.environ["MANIFEST"].split() if p.endswith(".json"))
)
CONTEXT = Context.of(PLAN, MANIFEST)
GOOD = {
    path.name: path.resolve()
    for directory in (os.environ["WHEELHOUSE"], os.environ["DISTS"])
    for path in sorted(Path(directory).iterdir())
}


@pytest.fixture(scope="module")
def good() -> dict[str, Report]:
    """Reports on the good set, by file name."""
    reports = inspect_all([*GOOD.values()], CONTEXT)
    return {report.filename: report for report in reports}


@pytest.fixture
def workshop() -> Iterator[Workshop]:
    """A directory of links to the good files."""
    with tempfile.TemporaryDirectory() as directory:
        for name, path in GOOD.items():
            Path(directory, name).symlink_to(path)
        yield Workshop(Path(directory))


def faults_of(workshop: Workshop, good: dict[str, Report]) -> list[Finding]:
    """What the gate says against a set."""
    changed = {path.name: inspect(path, CONTEXT) for path in workshop.changed()}
    present = [path.name for path in sorted(workshop.directory.iterdir())]
    reports = [changed.get(name) or good[name] for name in present]
    return [finding for finding in check_set(Evidence(PLAN, reports)) if finding.fault]


def test_the_good_set_has_no_fault(good: dict[str, Report]) -> None:
    """Catches: a gate that finds everything in everything."""
    found = check_set(Evidence(PLAN, [*good.values()], MANIFEST))
    assert not [finding for finding in found if finding.fault]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name.replace(" ", "_"))
def test_the_fault_is_found(fault: Fault, workshop: Workshop, good: dict[str, Report]) -> None:
    named = fault.make(workshop)
    name = named.name if isinstance(named, Path) else named
    found = faults_of(workshop, good)
    assert [
        finding
        for finding in found
        if (finding.check, finding.file) == (fault.check, name) and fault.says in str(finding)
    ], "\n".join(map(str, found)) or "nothing was found"
    tally("mutations", 1, f"found: {fault.name}")


def test_a_file_that_was_replaced_after_the_build_is_found(good: dict[str, Report]) -> None:
    """Catches: bytes that are sound, and not those that were built."""
    reports = dict(good)
    one, other = sorted(name for name in reports if name.startswith("iree_tools"))
    stale = Report(one, "wheel", reports[other].sha256, reports[other].size, (), reports[one].wheel)
    found = check_set(Evidence(PLAN, [*(reports | {one: stale}).values()], MANIFEST))
    assert [(f.file, f.check) for f in found if f.fault] == [(one, Check.SET_DIGEST)]


def test_there_are_enough_faults_and_each_is_another() -> None:
    assert len(FAULTS) >= 40
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)


def test_every_check_has_a_fault_that_it_must_find() -> None:
    """Catches: a check that was added, and never seen to bite."""
    elsewhere = {
        Check.SET_DIGEST,  # above
        Check.SET_UNSERVED,  # these on reports, in test_judge.py
        Check.SET_AMBIGUOUS,
        Check.SET_CLASH,
        Check.SET_SIZE,
        Check.RUN,  # tests/release/gate/smoke
    }
    assert {*Check} - {fault.check for fault in FAULTS} == elsewhere
