"""The command: its output, and its errors."""

import json

import pytest
from typer.testing import CliRunner, Result

from platforms import policy_main


def policy(*arguments: str) -> Result:
    return CliRunner().invoke(policy_main.app, arguments)


def test_the_table_names_each_platform_with_its_pythons() -> None:
    result = policy("--date", "2026-11-22")
    assert result.exit_code == 0
    (line,) = [line for line in result.stdout.splitlines() if "windows_x86_64" in line]
    assert "tolerated" in line
    assert "3.14 3.15" in line
    assert result.stdout.endswith("The matrix matches the policy.\n")


def test_a_difference_is_printed_with_the_line_to_change() -> None:
    result = policy("--date", "2027-10-01")
    assert result.exit_code == 0
    assert (
        'platforms/matrix.bzl: change the line of windows_x86_64 to "windows_x86_64": ["3.15"],\n'
    ) in result.stdout
    assert 'platforms/matrix.bzl: set MATRIX_DATE = "2027-10-01"\n' in result.stdout


def test_json_has_the_same_data() -> None:
    output = json.loads(policy("--date", "2027-10-01", "--json").stdout)
    assert output["date"] == "2027-10-01"
    assert output["due"]["macos_arm64"] == ["3.15"]
    assert [difference["platform"] for difference in output["differences"]] == [
        "macos_arm64",
        "windows_x86_64",
    ]
    assert "3.15" in output["note"]


def test_the_default_is_today() -> None:
    assert policy().exit_code == 0


@pytest.mark.parametrize("text", ["tomorrow", "2026-13-01", "2026-02-29", "", "22.11.2026"])
def test_an_invalid_date_is_refused_in_one_line(text: str) -> None:
    result = policy("--date", text)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr == (f"--date {text}: not a date; expected the form YYYY-MM-DD.\n")


@pytest.mark.parametrize("text", ["1991-02-20", "2024-10-07", "2031-11-01", "9999-12-31"])
def test_a_day_outside_of_the_data_is_refused_in_one_line(text: str) -> None:
    result = policy("--date", text)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert f"on {text}" in result.stderr
    assert "platforms/pythons.bzl" in result.stderr
