"""Judging: reports, trials and manifest held against the plan, cell by cell."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from release.gate import release_set
from release.gate.release_set import SizeLimits
from release.gate.report import Report
from release.model.finding import Check, Finding
from release.model.manifest import Manifest
from release.model.outcome import Outcome, Status
from release.model.plan import Plan
from release.model.verdicts import CellVerdict, Verdicts


@dataclass(frozen=True, slots=True)
class Demand:
    """Something that must have run, where "not run" would else be accepted."""

    platform: str
    """Name of a platform."""
    kind: str
    """run: every cell and the dist of the platform; or a kind of trial, such as container."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that a release is judged by."""

    plan: Plan
    reports: Sequence[Report]
    manifest: Manifest | None = None
    """What states the digests; without one no digest is held against anything."""
    sums: Mapping[str, str] | None = None
    """SHA256SUMS: digests in hex by file name."""
    previous: Manifest | None = None
    """The last release's, as the gate left it."""
    outcomes: Sequence[Outcome] = ()
    demands: Collection[Demand] = ()
    limits: SizeLimits = field(default_factory=SizeLimits)


def check_set(case: Evidence) -> tuple[Finding, ...]:
    """The findings about files and set, without those of trials."""
    plan, reports = case.plan, case.reports
    measured = release_set.sizes(reports, case.previous)
    return (
        *(finding for report in reports for finding in report.findings),
        *release_set.check_files(plan, reports),
        *release_set.check_cells(plan, reports),
        *release_set.check_versions(plan, reports),
        *release_set.check_pins(plan, reports),
        *release_set.check_metadata(reports),
        *release_set.check_imports(plan, reports),
        *release_set.check_clashes(plan, reports),
        *(release_set.check_digests(case.manifest, plan, reports) if case.manifest else ()),
        *(release_set.check_sums(case.sums, reports) if case.sums is not None else ()),
        *release_set.check_sizes(reports, measured, case.limits),
    )


def judge(case: Evidence, day: date) -> Verdicts:
    """A verdict on each cell and dist of the plan.

    Args:
      case: the release and what is known of it.
      day: the day of the examination, UTC.
    """
    findings = (
        *_unstated(case),
        *check_set(case),
        *_failed(case.outcomes),
        *_undone(case),
    )
    cells = (_with_run(cell, case.outcomes) for cell in _states(case, findings, day))
    return Verdicts(
        version=case.plan.version,
        day=day,
        cells=tuple(cells),
        findings=tuple(dict.fromkeys(findings)),
        outcomes=tuple(case.outcomes),
        sizes=release_set.sizes(case.reports, case.previous),
    )


def with_outcomes(case: Evidence, outcomes: Sequence[Outcome]) -> Evidence:
    """The case, with what trials gave."""
    return replace(case, outcomes=outcomes)


def sound(case: Evidence) -> frozenset[str]:
    """Names of the files that nothing is wrong with: those that may be installed and run."""
    wrong = {finding.file for finding in check_set(case) if finding.fault}
    return frozenset(report.filename for report in case.reports) - wrong


def _states(case: Evidence, findings: Sequence[Finding], day: date) -> Iterator[CellVerdict]:
    faults: dict[str, list[str]] = {}
    for finding in findings:
        if finding.fault:
            where = f"{finding.member}: " if finding.member else ""
            faults.setdefault(finding.file, []).append(f"{where}{finding.message}")
    present = {report.filename for report in case.reports}
    missing = case.previous.missing if case.previous else {}
    for cell in _planned(case.plan):
        why = tuple(faults.get(cell.file, ()))
        if cell.file in present:
            yield replace(cell, state="wrong" if why else "right", why=why)
        elif cell.required:
            yield replace(cell, state="wrong", why=why)
        else:
            since = missing.get((cell.package, cell.platform, cell.python), day)
            yield replace(cell, state="missing", since=since)


def _planned(plan: Plan) -> Iterator[CellVerdict]:
    for cell in plan.cells:
        yield CellVerdict(
            cell.package, cell.platform, cell.python, cell.required, cell.wheel, "right"
        )
    for dist in plan.dists:
        yield CellVerdict(None, dist.platform, None, dist.required, dist.archive, "right")


def _unstated(case: Evidence) -> Iterator[Finding]:
    if case.manifest is None:
        yield Finding(
            "manifest.json",
            Check.SET_DIGEST,
            "it is not there: no digest was held against what was built, and no native bytes are "
            "declared as pinned payload",
            fault=False,
        )


def _failed(outcomes: Sequence[Outcome]) -> Iterator[Finding]:
    for outcome in outcomes:
        if outcome.status == "failed":
            for file in outcome.files or (outcome.platform,):
                yield Finding(file, Check.RUN, f"{_trial(outcome)}: {outcome.detail}")


def _undone(case: Evidence) -> Iterator[Finding]:
    """Demands that nothing met."""
    for demand in case.demands:
        if demand.kind == "run":
            for cell in _planned(case.plan):
                tried = _with_run(cell, case.outcomes)
                if cell.platform == demand.platform and tried.run != "passed":
                    yield Finding(
                        cell.file, Check.RUN, f"it must run, and was not: {tried.run_detail}"
                    )
        elif not any(
            (outcome.platform, outcome.kind, outcome.status)
            == (demand.platform, demand.kind, "passed")
            for outcome in case.outcomes
        ):
            why = "; ".join(
                outcome.detail
                for outcome in case.outcomes
                if (outcome.platform, outcome.kind) == (demand.platform, demand.kind)
            )
            yield Finding(
                demand.platform,
                Check.RUN,
                f"a {demand.kind} trial is demanded, and none passed" + (f": {why}" if why else ""),
            )


def _trial(outcome: Outcome) -> str:
    return " ".join(filter(None, (outcome.kind, outcome.python, "with", outcome.engine)))


def _with_run(cell: CellVerdict, outcomes: Sequence[Outcome]) -> CellVerdict:
    """The cell, with what trials say of it: a failure before a pass, a pass before silence."""
    about = [outcome for outcome in outcomes if _speaks_of(outcome, cell)]
    order: Mapping[Status, int] = {"failed": 0, "passed": 1, "not run": 2}
    if not about:
        nothing = "there is no file" if cell.state == "missing" else "nothing was tried"
        return replace(cell, run_detail=nothing)
    weightiest = min(about, key=lambda outcome: order[outcome.status])
    return replace(
        cell,
        run=weightiest.status,
        run_detail=f"{weightiest.engine}: {weightiest.detail}"
        if weightiest.status != "not run"
        else weightiest.detail,
    )


def _speaks_of(outcome: Outcome, cell: CellVerdict) -> bool:
    if outcome.platform != cell.platform:
        return False
    if cell.package is None:
        return outcome.kind == "dist"
    # The native tools of a wheel are the same for every Python that it serves.
    return cell.file in outcome.files and outcome.python in (None, cell.python)
