"""The conditions of a promotion, and how a user overrides them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from release.hosting.source import CommitSource, Issue
from release.hosting.store import StoredRelease
from release.model.cells import CellStatus
from release.model.errors import Refused, UsageError
from release.model.manifest import Condition, Manifest
from release.model.plan import Plan
from release.model.product import Package
from release.model.state import CellState, RunState
from release.promote import conditions
from release.promote.candidate import Candidate
from release.promote.conditions import Circumstances
from tests.release.products import SETTINGS, make_product

TAG, COMMIT = "candidate-20261122.1", "c" * 40
PUBLISHED = datetime(2026, 11, 22, 4, tzinfo=UTC)
LINUX, MACOS = "linux_x86_64", "macos_arm64"


class Issues(CommitSource):
    """A source that has only issues."""

    name = "a checkout"

    def __init__(self, issues: Sequence[Issue] | None) -> None:
        self.issues = issues
        self.label = ""

    def open_issues(self, label: str) -> Sequence[Issue] | None:
        self.label = label
        return self.issues

    def _unused(self, *_: object) -> None:
        raise AssertionError("only issues are read")

    first_parents = commit = checks = required_checks = between = _unused  # type: ignore[assignment]


def cell(platform: str, python: str | None, **changes: object) -> CellStatus:
    package = "iree-runtime" if python else None
    made = CellStatus(
        package,
        platform,
        python,
        required=platform == LINUX,
        status=CellState.BUILT,
        file="file",
        run=RunState.PASSED,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def circumstances(*cells: CellStatus, **changes: object) -> Circumstances:
    release = StoredRelease(TAG, "", "", False, True, PUBLISHED, PUBLISHED)
    manifest = Manifest("20261122.1", {}, package_cells=cells, commit=COMMIT)
    plan = Plan(product=make_product(), version="20261122.1", platforms=(), cells=(), dists=())
    made = Circumstances(
        Candidate(release, "20261122.1", manifest, plan),
        SETTINGS.promote,
        Issues(()),
        local=False,
        now=PUBLISHED + timedelta(days=5),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def condition(name: str, given: Circumstances) -> Condition:
    return next(one for one in conditions.examine(given) if one.name == name)


GOOD = (cell(LINUX, "3.12"), cell(LINUX, None), cell(MACOS, "3.15", run=RunState.NOT_RUN))


def test_a_good_candidate_meets_all_conditions() -> None:
    given = circumstances(*GOOD)
    assert all(one.met for one in conditions.examine(given))
    assert conditions.require(conditions.examine(given), {}) == {}


@pytest.mark.parametrize(("hours", "met"), [(95, False), (96, True)])
def test_a_candidate_must_have_been_published_for_four_days(hours: int, met: bool) -> None:
    """Catches: ages rounded to whole days, so that three and a half days count as four."""
    given = circumstances(*GOOD, now=PUBLISHED + timedelta(hours=hours))
    age = condition("age", given)
    assert age.met is met
    assert "published on 2026-11-22" in age.detail


def test_a_missing_platform_is_not_met_even_if_it_is_tolerated() -> None:
    """Catches: a stable release that lacks macOS by accident."""
    given = circumstances(*GOOD, cell(MACOS, None, status=CellState.MISSING))
    assert condition("platforms", given) == Condition("platforms", False, f"missing: dist {MACOS}")


def test_a_wrong_or_failed_cell_is_not_met() -> None:
    for change in ({"run": RunState.FAILED}, {"status": CellState.WRONG}):
        verdicts = condition("verdicts", circumstances(*GOOD, cell(MACOS, "3.14", **change)))
        assert not verdicts.met
        assert f"iree-runtime {MACOS} 3.14" in verdicts.detail


def test_a_required_cell_that_was_not_run_is_not_met() -> None:
    """Catches: a candidate that was only inspected, promoted as if it had been tested."""
    not_run = cell(LINUX, "3.12", run=RunState.NOT_RUN)
    verdicts = condition("verdicts", circumstances(not_run, cell(LINUX, None)))
    assert verdicts == Condition("verdicts", False, f"not run: iree-runtime {LINUX}")


def test_files_that_were_only_installed_are_not_met_unless_the_settings_accept_them() -> None:
    """Catches: a product without a smoke program whose candidates are promoted untested."""
    installed = (cell(LINUX, "3.12", run=RunState.INSTALLED), cell(LINUX, None))
    verdicts = condition("verdicts", circumstances(*installed))
    assert verdicts == Condition(
        "verdicts",
        False,
        f"installed, but not tested: iree-runtime {LINUX}; write a smoke program, or set "
        "promote.installed_is_enough",
    )
    enough = replace(SETTINGS.promote, installed_is_enough=True)
    verdicts = condition("verdicts", circumstances(*installed, settings=enough))
    assert verdicts.met
    assert "installed or ran all that is required" in verdicts.detail


@pytest.mark.parametrize("run", [RunState.INSTALLED, RunState.NOT_RUN])
def test_a_package_that_is_installed_alone_need_only_be_installed(run: RunState) -> None:
    """Catches: candidates that are never promoted, since nothing can run one of their packages; a
    package of that kind that was not even installed."""
    plot = cell(LINUX, "3.12", package="abacus-plot", run=run)
    given = circumstances(*GOOD, plot)
    assert not condition("verdicts", given).met, "the product does not declare it so"
    product = make_product(Package("abacus-plot", ("plot",), alone="it requires a display"))
    plan = replace(given.candidate.plan, product=product)
    candidate = replace(given.candidate, plan=plan)
    verdicts = condition("verdicts", replace(given, candidate=candidate))
    assert verdicts.met is (run is RunState.INSTALLED)
    assert ("installed or ran all" in verdicts.detail) is verdicts.met


def test_files_that_were_not_even_installed_are_not_met_whatever_the_settings() -> None:
    """Catches: `installed_is_enough` that lets files pass that were only inspected."""
    enough = replace(SETTINGS.promote, installed_is_enough=True)
    cells = (
        cell(LINUX, "3.12", run=RunState.INSTALLED),
        cell(LINUX, None, run=RunState.NOT_RUN),
    )
    verdicts = condition("verdicts", circumstances(*cells, settings=enough))
    assert verdicts == Condition("verdicts", False, f"not run: dist {LINUX}")
    both = condition("verdicts", circumstances(*cells))
    assert both.detail.startswith(f"not run: dist {LINUX}; installed, but not tested: ")


def test_one_python_of_each_required_platform_is_enough() -> None:
    """Catches: an interpreter that no machine has, blocking all releases."""
    cells = (*GOOD, cell(LINUX, "3.15", run=RunState.NOT_RUN))
    assert condition("verdicts", circumstances(*cells)).met


def test_open_blockers_are_not_met_and_listed() -> None:
    issues = Issues([Issue(n, f"crash {n}") for n in range(1, 6)])
    blockers = condition("blockers", circumstances(*GOOD, source=issues))
    assert not blockers.met
    assert issues.label == "release-blocker"
    assert "#1 (crash 1), #2 (crash 2), #3 (crash 3), and 2 more" in blockers.detail


@pytest.mark.parametrize("local", [True, False])
def test_a_source_without_issues_is_enough_for_a_rehearsal_only(local: bool) -> None:
    """Catches: a release whose blockers cannot be read, treated as one without blockers."""
    given = circumstances(*GOOD, source=Issues(None), local=local)
    blockers = condition("blockers", given)
    assert blockers.met is local
    assert blockers.detail.startswith("not checked: a checkout has no issues")


def test_all_unmet_conditions_are_reported_at_once() -> None:
    given = circumstances(cell(MACOS, None, status=CellState.MISSING), now=PUBLISHED)
    with pytest.raises(Refused, match=r"age: .*platforms: .*--override age=REASON"):
        conditions.require(conditions.examine(given), {})


def test_each_condition_can_be_overridden_and_only_needed_overrides_are_kept() -> None:
    given = circumstances(*GOOD, now=PUBLISHED)
    overrides = conditions.overrides(["age=security fix, see #7=8", "platforms=just in case"])
    assert conditions.require(conditions.examine(given), overrides) == {
        "age": "security fix, see #7=8"
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "size=big",
            (
                "--override size=big: unknown condition; expected one of age, platforms, "
                "verdicts, blockers"
            ),
        ),
        ("age", "--override age: give a reason, as in age=REASON"),
        ("age= ", "--override age= : give a reason, as in age=REASON"),
    ],
)
def test_an_override_without_a_known_name_or_a_reason_is_refused(text: str, message: str) -> None:
    with pytest.raises(UsageError) as refused:
        conditions.overrides([text])
    assert str(refused.value) == message
