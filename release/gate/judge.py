"""Judges a release: checks reports, smoke tests and manifest against each cell of the plan."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from release.gate import digests, release_set, sizes
from release.gate.report import Report
from release.gate.sizes import SizeLimits
from release.model.finding import Check, Finding
from release.model.manifest import Manifest
from release.model.outcome import Outcome
from release.model.plan import Plan
from release.model.state import CellState, RunState
from release.model.verdicts import CellVerdict, Verdicts

_RAN = (RunState.PASSED, RunState.INSTALLED)
"""How a smoke test ends that has run and found no fault."""


@dataclass(frozen=True, slots=True)
class RequiredRun:
    """A smoke test that must have run, and not merely be reported as "not run".

    That of a product without a smoke program, or of a package that is installed alone, has run when
    it has installed the files.
    """

    platform: str
    """Name of a platform."""
    kind: str
    """run: every cell and the dist of the platform; or a kind of smoke test, such as container."""


@dataclass(frozen=True, slots=True)
class GateInputs:
    """A release and everything that it is checked against."""

    plan: Plan
    reports: Sequence[Report]
    manifest: Manifest | None = None
    """The build's manifest; without it no digests are checked."""
    sums: Mapping[str, str] | None = None
    """SHA256SUMS: digests in hex by file name."""
    previous: Manifest | None = None
    """The previous release's manifest, with its verdicts."""
    outcomes: Sequence[Outcome] = ()
    required_runs: Collection[RequiredRun] = ()
    limits: SizeLimits = field(default_factory=SizeLimits)


def check_set(inputs: GateInputs) -> tuple[Finding, ...]:
    """The findings about the files and the set, without those of smoke tests."""
    plan, reports = inputs.plan, inputs.reports
    measured = sizes.measure(reports, inputs.previous)
    return (
        *(finding for report in reports for finding in report.findings),
        *release_set.check_files(plan, reports),
        *release_set.check_cells(plan, reports),
        *release_set.check_versions(plan, reports),
        *release_set.check_pins(plan, reports),
        *release_set.check_metadata(reports),
        *release_set.check_imports(plan, reports),
        *release_set.check_clashes(plan, reports),
        *(digests.check_manifest(inputs.manifest, plan, reports) if inputs.manifest else ()),
        *(digests.check_sums(inputs.sums, reports) if inputs.sums is not None else ()),
        *sizes.check(reports, measured, inputs.limits),
    )


def judge(inputs: GateInputs, day: date) -> Verdicts:
    """A verdict on each cell and dist of the plan.

    Args:
      inputs: the release and what it is checked against.
      day: the day of the examination, UTC.
    """
    findings = (
        *_check_manifest_exists(inputs),
        *check_set(inputs),
        *_failed_smoke_tests(inputs.outcomes),
        *_check_required_runs(inputs),
    )
    cells = (_with_run(cell, inputs.outcomes) for cell in _verdicts(inputs, findings, day))
    return Verdicts(
        version=inputs.plan.version,
        day=day,
        cells=tuple(cells),
        findings=tuple(dict.fromkeys(findings)),
        outcomes=tuple(inputs.outcomes),
        sizes=sizes.measure(inputs.reports, inputs.previous),
    )


def faultless_files(inputs: GateInputs) -> frozenset[str]:
    """Names of the files without a fault: those that may be installed and run."""
    faulty = {finding.file for finding in check_set(inputs) if finding.fault}
    return frozenset(report.filename for report in inputs.reports) - faulty


def _verdicts(inputs: GateInputs, findings: Sequence[Finding], day: date) -> Iterator[CellVerdict]:
    faults: dict[str, list[str]] = {}
    for finding in findings:
        if finding.fault:
            where = f"{finding.member}: " if finding.member else ""
            faults.setdefault(finding.file, []).append(f"{where}{finding.message}")
    present = {report.filename for report in inputs.reports}
    missing = inputs.previous.missing if inputs.previous else {}
    for cell in _planned(inputs.plan):
        why = tuple(faults.get(cell.file, ()))
        if cell.file in present:
            yield replace(cell, state=CellState.WRONG if why else CellState.BUILT, why=why)
        elif cell.required:
            yield replace(cell, state=CellState.WRONG, why=why)
        else:
            since = missing.get((cell.package, cell.platform, cell.python), day)
            yield replace(cell, state=CellState.MISSING, since=since)


def _planned(plan: Plan) -> Iterator[CellVerdict]:
    for cell in plan.cells:
        yield CellVerdict(
            cell.package, cell.platform, cell.python, cell.required, cell.wheel, CellState.BUILT
        )
    for dist in plan.dists:
        yield CellVerdict(None, dist.platform, None, dist.required, dist.archive, CellState.BUILT)


def _check_manifest_exists(inputs: GateInputs) -> Iterator[Finding]:
    if inputs.manifest is None:
        yield Finding(
            "manifest.json",
            Check.SET_DIGEST,
            "missing: no digests were checked against the build, and no native files count as "
            "pinned payload",
            fault=False,
        )


def _failed_smoke_tests(outcomes: Sequence[Outcome]) -> Iterator[Finding]:
    for outcome in outcomes:
        if outcome.status is RunState.FAILED:
            message = f"the {_description(outcome)} failed: {outcome.detail}"
            for file in outcome.files or (outcome.platform,):
                yield Finding(file, Check.RUN, message)


def _check_required_runs(inputs: GateInputs) -> Iterator[Finding]:
    for required in inputs.required_runs:
        if required.kind == "run":
            for planned in _planned(inputs.plan):
                cell = _with_run(planned, inputs.outcomes)
                if cell.platform == required.platform and cell.run not in _RAN:
                    yield Finding(
                        cell.file,
                        Check.RUN,
                        f"required to run, but no smoke test passed: {cell.run_detail}",
                    )
        elif not any(
            (outcome.platform, outcome.kind) == (required.platform, required.kind)
            and outcome.status in _RAN
            for outcome in inputs.outcomes
        ):
            why = "; ".join(
                outcome.detail
                for outcome in inputs.outcomes
                if (outcome.platform, outcome.kind) == (required.platform, required.kind)
            )
            yield Finding(
                required.platform,
                Check.RUN,
                f"requires a {required.kind} smoke test, but none passed"
                + (f": {why}" if why else ""),
            )


def _description(outcome: Outcome) -> str:
    python = f" on Python {outcome.python}" if outcome.python else ""
    return f"{outcome.kind} smoke test{python} ({outcome.engine})"


def _with_run(cell: CellVerdict, outcomes: Sequence[Outcome]) -> CellVerdict:
    """The cell with the result of its smoke tests: failed if any failed, else passed if any did."""
    relevant = [outcome for outcome in outcomes if _covers(outcome, cell)]
    order = [RunState.FAILED, RunState.PASSED, RunState.INSTALLED, RunState.NOT_RUN]
    if not relevant:
        reason = "the file is missing" if cell.state == "missing" else "no smoke test covered it"
        return replace(cell, run_detail=reason)
    decisive = min(relevant, key=lambda outcome: order.index(outcome.status))
    return replace(
        cell,
        run=decisive.status,
        run_detail=f"{decisive.engine}: {decisive.detail}"
        if decisive.status is not RunState.NOT_RUN
        else decisive.detail,
    )


def _covers(outcome: Outcome, cell: CellVerdict) -> bool:
    """Whether a smoke test used the cell's file on the cell's platform and Python."""
    if outcome.platform != cell.platform:
        return False
    if cell.package is None:
        return outcome.kind == "dist"
    # A wheel's native tools are the same for every Python that it supports.
    return cell.file in outcome.files and outcome.python in (None, cell.python)
