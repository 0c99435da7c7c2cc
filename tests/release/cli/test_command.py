"""How every verb ends: a sentence and an exit code, and never a secret."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner, Result

from release.cli import command
from release.model.errors import Refused, RemoteError, UsageError

SECRET = "s3cret-of-nobody"


def ends_with(error: BaseException) -> Result:
    app = command.new()

    @app.command()
    @command.main
    def verb() -> None:
        raise error

    return CliRunner().invoke(app, [])


@pytest.mark.parametrize(
    ("error", "code"),
    [(Refused("it differs"), 1), (UsageError("no such flag"), 2), (RemoteError("it is down"), 75)],
)
def test_each_kind_of_end_has_its_code_and_one_sentence(error: Exception, code: int) -> None:
    result = ends_with(error)
    assert (result.exit_code, result.output) == (code, f"error: {error}\n")


def test_a_file_that_cannot_be_written_is_named() -> None:
    result = ends_with(PermissionError(13, "Permission denied", "store/release.json"))
    assert (result.exit_code, result.output) == (
        2,
        "error: store/release.json: Permission denied\n",
    )


def test_brackets_in_a_message_are_printed_as_they_are() -> None:
    """Catches: rich taking `[linux]` in a file name for a style."""
    assert "a[red]b.whl" in ends_with(Refused("a[red]b.whl differs")).output


@pytest.mark.parametrize(
    "error", [Refused(f"Authorization: {SECRET}"), ValueError(f"bad header {SECRET}")]
)
def test_no_secret_is_printed_whatever_fails(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", SECRET)
    result = ends_with(error)
    assert result.exit_code == 1
    assert SECRET not in result.output
    assert "$GITHUB_TOKEN" in result.output


def test_a_fault_of_the_program_says_so() -> None:
    result = ends_with(ValueError("unforeseen"))
    assert "this is a fault of the program" in result.output
    assert "ValueError: unforeseen" in result.output
