"""The policy: which Pythons are due on a day, with the real data and with edge cases."""

from collections.abc import Sequence
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platforms import data, policy

DATA = data.load()
FIRST_DAY = DATA.pythons_from
LAST_DAY = max(python.end_of_life for python in DATA.pythons)
DAY = timedelta(days=1)

known_days = st.dates(FIRST_DAY, LAST_DAY)


def day(text: str) -> date:
    return date.fromisoformat(text)


def python(version: str, released: str, end_of_life: str) -> data.Python:
    return data.Python(version, day(released), day(end_of_life))


def due(on: str, platform: str) -> str:
    return " ".join(policy.due(day(on), DATA)[platform])


@pytest.mark.parametrize(
    ("on", "linux", "others"),
    [
        # 3.13 is released the day before the data begins.
        ("2024-10-08", "3.9 3.10 3.11 3.12 3.13", "3.12 3.13"),
        # 3.14 is released.
        ("2025-10-06", "3.9 3.10 3.11 3.12 3.13", "3.12 3.13"),
        ("2025-10-07", "3.9 3.10 3.11 3.12 3.13 3.14", "3.13 3.14"),
        ("2025-10-08", "3.9 3.10 3.11 3.12 3.13 3.14", "3.13 3.14"),
        # 3.9 ends.
        ("2025-10-30", "3.9 3.10 3.11 3.12 3.13 3.14", "3.13 3.14"),
        ("2025-10-31", "3.9 3.10 3.11 3.12 3.13 3.14", "3.13 3.14"),
        ("2025-11-01", "3.10 3.11 3.12 3.13 3.14", "3.13 3.14"),
        # 3.15 is released within 3.14's first year.
        ("2026-09-30", "3.10 3.11 3.12 3.13 3.14", "3.13 3.14"),
        ("2026-10-01", "3.10 3.11 3.12 3.13 3.14 3.15", "3.14 3.15"),
        # 3.10 ends.
        ("2026-10-31", "3.10 3.11 3.12 3.13 3.14 3.15", "3.14 3.15"),
        ("2026-11-01", "3.11 3.12 3.13 3.14 3.15", "3.14 3.15"),
        ("2026-11-22", "3.11 3.12 3.13 3.14 3.15", "3.14 3.15"),
        # 3.15's first year is over.
        ("2027-09-30", "3.11 3.12 3.13 3.14 3.15", "3.14 3.15"),
        ("2027-10-01", "3.11 3.12 3.13 3.14 3.15", "3.15"),
        ("2027-10-02", "3.11 3.12 3.13 3.14 3.15", "3.15"),
    ],
)
def test_what_is_due_around_the_days_on_which_it_changes(on: str, linux: str, others: str) -> None:
    assert due(on, "linux_x86_64") == due(on, "linux_aarch64") == linux
    assert due(on, "windows_x86_64") == due(on, "macos_arm64") == others


def test_the_anniversary_of_a_leap_day_is_the_first_of_march() -> None:
    pythons = [
        python("4.0", "2020-10-01", "2040-01-01"),
        python("4.1", "2028-02-29", "2040-01-01"),
    ]
    assert policy.newest(day("2029-02-28"), pythons) == ("4.0", "4.1")
    assert policy.newest(day("2029-03-01"), pythons) == ("4.1",)


def test_versions_are_ordered_by_release_and_not_as_strings() -> None:
    pythons = [
        python("3.10", "2021-10-04", "2026-10-31"),
        python("3.9", "2020-10-05", "2026-10-31"),
    ]
    assert policy.newest(day("2026-01-01"), pythons) == ("3.10",)
    assert policy.supported(day("2026-01-01"), pythons) == ("3.9", "3.10")


def test_a_python_before_the_newest_that_has_ended_is_not_due() -> None:
    pythons = [
        python("4.0", "2020-10-01", "2026-10-31"),
        python("4.1", "2026-10-01", "2031-10-31"),
    ]
    assert policy.newest(day("2026-10-31"), pythons) == ("4.0", "4.1")
    assert policy.newest(day("2026-11-01"), pythons) == ("4.1",)


def test_a_day_before_the_data_is_refused() -> None:
    with pytest.raises(policy.UnknownDayError, match="only from 2024-10-08 on, not on 2024-10-07"):
        policy.due(FIRST_DAY - DAY, DATA)


def test_a_day_after_the_last_python_is_refused() -> None:
    policy.due(LAST_DAY, DATA)
    with pytest.raises(policy.UnknownDayError, match="is supported on 2031-11-01; add"):
        policy.due(LAST_DAY + DAY, DATA)


def test_stale_data_is_reported() -> None:
    assert policy.staleness(day("2027-09-30"), DATA.pythons) is None
    assert "3.15" in (policy.staleness(day("2027-10-01"), DATA.pythons) or "")


@given(known_days)
def test_the_newest_is_due_everywhere(on: date) -> None:
    newest = [python.version for python in DATA.pythons if python.released <= on][-1]
    assert all(versions[-1] == newest for versions in policy.due(on, DATA).values())


@given(known_days)
def test_linux_gets_every_python_that_others_get(on: date) -> None:
    versions = policy.due(on, DATA)
    assert set(versions["windows_x86_64"]) <= set(versions["linux_x86_64"])


@given(known_days)
def test_no_python_is_due_while_it_is_not_supported(on: date) -> None:
    pythons = {python.version: python for python in DATA.pythons}
    for versions in policy.due(on, DATA).values():
        assert all(
            pythons[version].released <= on <= pythons[version].end_of_life for version in versions
        )


@given(known_days.filter(lambda on: on > FIRST_DAY))
def test_only_days_in_the_data_change_anything(on: date) -> None:
    changing = {
        change
        for python in DATA.pythons
        for change in (
            python.released,
            policy.first_anniversary(python.released),
            python.end_of_life + DAY,
        )
    }
    if policy.due(on, DATA) != policy.due(on - DAY, DATA):
        assert on in changing


@given(st.dates(max_value=date(9998, 12, 31)))
def test_an_anniversary_is_one_year_and_the_same_day_later(on: date) -> None:
    anniversary = policy.first_anniversary(on)
    assert anniversary.year == on.year + 1
    assert (anniversary.month, anniversary.day) == (
        (3, 1) if (on.month, on.day) == (2, 29) else (on.month, on.day)
    )


@given(st.permutations(DATA.pythons), known_days)
def test_the_order_of_the_data_does_not_matter(pythons: Sequence[data.Python], on: date) -> None:
    assert policy.supported(on, pythons) == policy.supported(on, DATA.pythons)
    assert policy.newest(on, pythons) == policy.newest(on, DATA.pythons)
