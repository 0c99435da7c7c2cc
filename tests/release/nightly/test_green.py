"""Choosing the newest green commit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release.hosting.source import CheckRun, Commit, CommitSource, Conclusion
from release.model.errors import Refused, UsageError
from release.nightly import green

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
WEEK = timedelta(days=7)


class Sample(CommitSource):
    """A branch of commits, the newest first, with their checks."""

    name = "sample"

    def __init__(
        self,
        checks: Mapping[str, Sequence[CheckRun] | None],
        *,
        days: Mapping[str, float] | None = None,
        protected: Sequence[str] | None = None,
    ) -> None:
        self._checks = checks
        self._protected = protected
        self._days = days or {}
        self.listed = 0

    def first_parents(self, branch: str) -> Iterator[Commit]:
        for number, sha in enumerate(self._checks):
            self.listed += 1
            age = timedelta(days=self._days.get(sha, number))
            yield Commit(sha, f"change {sha}", "Ada", NOW - age)

    def commit(self, revision: str) -> Commit:
        return Commit(revision, "named", "Ada", NOW)

    def checks(self, commit: str) -> Sequence[CheckRun] | None:
        return self._checks[commit]

    def required_checks(self, branch: str) -> Sequence[str] | None:
        return self._protected

    def between(self, base: str, head: str) -> Sequence[Commit]:
        return ()


def check(name: str, conclusion: Conclusion, minute: int = 0) -> CheckRun:
    return CheckRun(name, conclusion, NOW - timedelta(hours=1) + timedelta(minutes=minute))


def newest(source: CommitSource, required: Sequence[str] | None = ("ci",)) -> green.Choice:
    return green.newest(source, "main", required=required, maximum_age=WEEK, now=NOW)


def test_the_newest_commit_whose_required_checks_succeeded_is_chosen() -> None:
    source = Sample(
        {
            "a": [check("ci", "pending")],
            "b": [check("ci", "failure")],
            "c": [check("lint", "success")],
            "d": [check("ci", "success"), check("lint", "failure")],
            "e": [check("ci", "success")],
        }
    )
    choice = newest(source)
    assert choice.commit.sha == "d"
    assert [reason for _, reason in choice.passed_over] == [
        "ci: pending",
        "ci: failure",
        "ci: not run",
    ]
    assert [one.name for one in choice.checks] == ["ci", "lint"]


def test_only_required_checks_count_and_all_of_them() -> None:
    source = Sample(
        {
            "a": [check("ci", "success"), check("docs", "failure")],
            "b": [check("ci", "success"), check("docs", "success"), check("flaky", "failure")],
        }
    )
    assert newest(source, ["ci", "docs"]).commit.sha == "b"


@pytest.mark.parametrize(
    ("attempts", "is_green"),
    [
        ([("failure", 0), ("success", 5)], True),
        ([("success", 0), ("failure", 5)], False),
        ([("success", 0), ("pending", 5)], False),
        ([("success", 5), ("failure", 5)], False),
    ],
)
def test_the_latest_attempt_of_a_check_counts(
    attempts: list[tuple[Conclusion, int]], is_green: bool
) -> None:
    """Catches: an earlier attempt that hides a later one."""
    for order in (attempts, attempts[::-1]):
        source = Sample(
            {"a": [check("ci", *attempt) for attempt in order], "b": [check("ci", "success")]}
        )
        assert (newest(source).commit.sha == "a") is is_green


def test_branch_protection_names_the_required_checks_if_the_settings_do_not() -> None:
    source = Sample({"a": [check("x", "success")], "b": [check("ci", "success")]}, protected=["ci"])
    assert newest(source, None).commit.sha == "b"
    assert newest(source, None).required == ("ci",)


@pytest.mark.parametrize("protected", [None, []])
def test_without_known_required_checks_no_commit_is_chosen(
    protected: Sequence[str] | None,
) -> None:
    """Catches: a commit without any check that counts as green."""
    with pytest.raises(UsageError, match=r"set tag\.required_checks in the settings"):
        newest(Sample({"a": []}, protected=protected), None)


def test_a_green_commit_that_is_too_old_ends_the_search() -> None:
    """Catches: releasing a three weeks old commit every night while main is broken."""
    source = Sample(
        {"a": [check("ci", "failure")], **{f"b{n}": [check("ci", "success")] for n in range(99)}},
        days={"a": 6, **{f"b{n}": 8 + n for n in range(99)}},
    )
    with pytest.raises(Refused) as refused:
        newest(source)
    assert str(refused.value) == (
        "sample: no commit of main is green: a of 2026-11-19 (ci: failure); b0 of 2026-11-17 "
        "(older than 7 days)"
    )
    assert source.listed == 2


def test_the_message_lists_only_the_newest_commits() -> None:
    source = Sample(
        {f"c{n}": [check("ci", "failure")] for n in range(30)},
        days={f"c{n}": 0 for n in range(30)},
    )
    with pytest.raises(Refused, match=r"; and 20 more$"):
        newest(source)


def test_a_source_without_checks_yields_the_newest_commit_at_any_age() -> None:
    choice = newest(Sample({"a": None}, days={"a": 900}))
    assert (choice.commit.sha, choice.required, choice.checks) == ("a", None, ())


def test_a_commit_dated_in_the_future_is_not_too_old() -> None:
    assert newest(Sample({"a": [check("ci", "success")]}, days={"a": -1})).commit.sha == "a"


def test_the_choice_names_the_branch_that_was_searched() -> None:
    assert newest(Sample({"a": [check("ci", "success")]})).branch == "main"
    assert green.given(Sample({"a": None}), "a").branch is None


CONCLUSIONS: tuple[Conclusion, ...] = ("success", "failure", "pending")


@given(
    st.lists(
        st.tuples(st.sampled_from(["ci", "docs"]), st.sampled_from(CONCLUSIONS), st.integers(0, 5))
    ),
    st.randoms(),
)
def test_the_order_in_which_checks_are_listed_does_not_matter(
    attempts: list[tuple[str, Conclusion, int]], random: object
) -> None:
    checks = [check(*attempt) for attempt in attempts]
    shuffled = list(checks)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert green.latest(checks) == green.latest(shuffled)


@given(
    st.lists(
        st.tuples(st.sampled_from(CONCLUSIONS), st.integers(0, 9)),
        min_size=1,
        unique_by=lambda attempt: attempt[1],
    )
)
def test_only_the_latest_attempt_decides(attempts: list[tuple[Conclusion, int]]) -> None:
    source = Sample({"a": [check("ci", *attempt) for attempt in attempts]})
    last, _ = max(attempts, key=lambda attempt: attempt[1])
    if last == "success":
        assert newest(source).commit.sha == "a"
    else:
        with pytest.raises(Refused, match=f"ci: {last}"):
            newest(source)
