"""The command: what it prints, and what bad input gets."""

import json

import pytest
from typer.testing import CliRunner, Result

from platforms import policy_main


def policy(*arguments: str) -> Result:
    return CliRunner().invoke(policy_main.app, arguments)


def test_the_table_names_each_platform_with_its_pythons() -> None:
    ran = policy("--date", "2026-11-22")
    assert ran.exit_code == 0
    (line,) = [line for line in ran.stdout.splitlines() if "windows_x86_64" in line]
    assert "tolerated" in line
    assert "3.14 3.15" in line
    assert ran.stdout.endswith("The matrix is what the policy asks for.\n")


def test_a_day_on_which_the_matrix_must_change_says_which_line() -> None:
    ran = policy("--date", "2027-10-01")
    assert ran.exit_code == 0
    assert (
        'platforms/matrix.bzl: change the line of windows_x86_64 to "windows_x86_64": ["3.15"],\n'
    ) in ran.stdout
    assert 'platforms/matrix.bzl: set MATRIX_DATE = "2027-10-01"\n' in ran.stdout


def test_json_says_the_same() -> None:
    said = json.loads(policy("--date", "2027-10-01", "--json").stdout)
    assert said["date"] == "2027-10-01"
    assert said["due"]["macos_arm64"] == ["3.15"]
    assert [difference["platform"] for difference in said["differences"]] == [
        "macos_arm64",
        "windows_x86_64",
    ]
    assert "3.15" in said["note"]


def test_without_a_date_it_answers_for_today() -> None:
    assert policy().exit_code == 0


@pytest.mark.parametrize("text", ["tomorrow", "2026-13-01", "2026-02-29", "", "22.11.2026"])
def test_what_is_no_day_gets_one_sentence(text: str) -> None:
    ran = policy("--date", text)
    assert ran.exit_code == 2
    assert ran.stdout == ""
    assert ran.stderr == (
        f"--date {text}: not a day of the calendar; write one such as 2026-11-22.\n"
    )


@pytest.mark.parametrize("text", ["1991-02-20", "2024-10-07", "2031-11-01", "9999-12-31"])
def test_a_day_outside_of_the_data_gets_one_sentence(text: str) -> None:
    ran = policy("--date", text)
    assert ran.exit_code == 2
    assert ran.stdout == ""
    assert ran.stderr.count("\n") == 1
    assert f"on {text}" in ran.stderr
    assert "platforms/pythons.bzl" in ran.stderr
