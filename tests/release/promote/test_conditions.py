"""When a candidate may be promoted, and how a person decides otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from release.hosting.source import CommitSource, Issue
from release.hosting.store import StoredRelease
from release.model import settings
from release.model.errors import Refused, UsageError
from release.model.manifest import CellStatus, Manifest
from release.model.plan import Plan
from release.promote import conditions
from release.promote.candidate import Candidate
from release.promote.conditions import Circumstances, Condition

TAG, COMMIT = "candidate-20261122.1", "c" * 40
PUBLISHED = datetime(2026, 11, 22, 4, tzinfo=UTC)
LINUX, MACOS = "linux_x86_64", "macos_arm64"


class Issues(CommitSource):
    """A source that has nothing but issues."""

    name = "a checkout"

    def __init__(self, issues: Sequence[Issue] | None) -> None:
        self.issues = issues
        self.asked = ""

    def open_issues(self, label: str) -> Sequence[Issue] | None:
        self.asked = label
        return self.issues

    def _nothing(self, *_: object) -> None:
        raise AssertionError("nobody asks for that")

    first_parents = commit = checks = required_checks = between = _nothing  # type: ignore[assignment]


def cell(platform: str, python: str | None, **changes: object) -> CellStatus:
    package = "iree-runtime" if python else None
    made = CellStatus(package, platform, python, platform == LINUX, "built", "file", run="passed")
    return replace(made, **changes)  # type: ignore[arg-type]


def circumstances(*cells: CellStatus, **changes: object) -> Circumstances:
    release = StoredRelease(TAG, "", "", False, True, PUBLISHED, PUBLISHED)
    manifest = Manifest("20261122.1", {}, cells=cells, commit=COMMIT)
    plan = Plan("20261122.1", (), (), (), ())
    made = Circumstances(
        Candidate(release, "20261122.1", manifest, {}, plan, {}),
        settings.read().promote,
        Issues(()),
        local=False,
        now=PUBLISHED + timedelta(days=5),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def condition(name: str, about: Circumstances) -> Condition:
    return next(one for one in conditions.examine(about) if one.name == name)


GOOD = (cell(LINUX, "3.12"), cell(LINUX, None), cell(MACOS, "3.15", run="not run"))


def test_a_good_candidate_meets_all_of_them() -> None:
    about = circumstances(*GOOD)
    assert all(one.met for one in conditions.examine(about))
    assert conditions.hold(conditions.examine(about), {}) == {}


@pytest.mark.parametrize(("hours", "met"), [(95, False), (96, True)])
def test_a_candidate_must_have_been_there_for_four_days(hours: int, met: bool) -> None:
    """Catches: ages in whole days, which let the third day and a bit pass for four."""
    about = circumstances(*GOOD, now=PUBLISHED + timedelta(hours=hours))
    age = condition("age", about)
    assert age.met is met
    assert "published on 2026-11-22" in age.detail


def test_a_missing_platform_stands_in_the_way_though_it_was_tolerated() -> None:
    """Catches: a stable release without macOS that nobody decided on."""
    about = circumstances(*GOOD, cell(MACOS, None, status="missing"))
    assert condition("platforms", about) == Condition("platforms", False, f"it lacks dist {MACOS}")


def test_what_failed_or_is_wrong_stands_in_the_way() -> None:
    for change in ({"run": "failed"}, {"status": "wrong"}):
        verdicts = condition("verdicts", circumstances(*GOOD, cell(MACOS, "3.14", **change)))
        assert not verdicts.met
        assert f"iree-runtime {MACOS} 3.14" in verdicts.detail


def test_what_nobody_ran_is_no_pass() -> None:
    """Catches: a candidate that was only inspected, promoted as if it had been tried."""
    idle = cell(LINUX, "3.12", run="not run")
    verdicts = condition("verdicts", circumstances(idle, cell(LINUX, None)))
    assert verdicts == Condition("verdicts", False, f"nobody ran iree-runtime {LINUX}")


def test_one_python_of_a_platform_is_enough_and_a_tolerated_one_needs_none() -> None:
    """Catches: an interpreter that no machine has, keeping releases from going out."""
    cells = (*GOOD, cell(LINUX, "3.15", run="not run"))
    assert condition("verdicts", circumstances(*cells)).met


def test_open_blockers_stand_in_the_way_and_are_named() -> None:
    issues = Issues([Issue(n, f"crash {n}") for n in range(1, 6)])
    blockers = condition("blockers", circumstances(*GOOD, source=issues))
    assert not blockers.met
    assert issues.asked == "release-blocker"
    assert "#1 (crash 1), #2 (crash 2), #3 (crash 3), and 2 more" in blockers.detail


@pytest.mark.parametrize("local", [True, False])
def test_where_there_are_no_issues_only_a_rehearsal_goes_on(local: bool) -> None:
    """Catches: a release whose blockers nobody could see, taken for one without."""
    about = circumstances(*GOOD, source=Issues(None), local=local)
    blockers = condition("blockers", about)
    assert blockers.met is local
    assert blockers.detail.startswith("not asked: a checkout has no issues")


def test_all_that_is_not_met_is_told_at_once() -> None:
    about = circumstances(cell(MACOS, None, status="missing"), now=PUBLISHED)
    with pytest.raises(Refused, match=r"age: .*platforms: .*--override age=REASON"):
        conditions.hold(conditions.examine(about), {})


def test_each_can_be_overridden_and_only_what_was_needed_is_kept() -> None:
    about = circumstances(*GOOD, now=PUBLISHED)
    given = conditions.overrides(["age=security fix, see #7=8", "platforms=just in case"])
    assert conditions.hold(conditions.examine(about), given) == {"age": "security fix, see #7=8"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("size=big", "--override size=big: there are age, platforms, verdicts, blockers"),
        ("age", "--override age: give a reason, as in age=REASON"),
        ("age= ", "--override age= : give a reason, as in age=REASON"),
    ],
)
def test_an_override_without_a_name_or_reason_is_refused(text: str, message: str) -> None:
    with pytest.raises(UsageError) as refused:
        conditions.overrides([text])
    assert str(refused.value) == message
