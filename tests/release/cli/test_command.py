"""How all commands report errors: one sentence, an exit code, and no secrets."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner, Result

from release.cli import command
from release.model.errors import Refused, RemoteError, UsageError

SECRET = "s3cret-of-nobody"


def run_raising(error: BaseException) -> Result:
    app = command.new()

    @app.command()
    @command.main
    def sample() -> None:
        raise error

    return CliRunner().invoke(app, [])


@pytest.mark.parametrize(
    ("error", "code"),
    [(Refused("it differs"), 1), (UsageError("no such flag"), 2), (RemoteError("it is down"), 75)],
)
def test_each_kind_of_error_has_its_exit_code_and_prints_one_sentence(
    error: Exception, code: int
) -> None:
    result = run_raising(error)
    assert (result.exit_code, result.output) == (code, f"error: {error}\n")


def test_an_os_error_names_the_file() -> None:
    result = run_raising(PermissionError(13, "Permission denied", "store/release.json"))
    assert (result.exit_code, result.output) == (
        2,
        "error: store/release.json: Permission denied\n",
    )


def test_brackets_in_a_message_are_printed_as_they_are() -> None:
    """Catches: rich interpreting `[linux]` in a file name as a style."""
    assert "a[red]b.whl" in run_raising(Refused("a[red]b.whl differs")).output


@pytest.mark.parametrize(
    "error", [Refused(f"Authorization: {SECRET}"), ValueError(f"bad header {SECRET}")]
)
def test_no_error_prints_a_secret(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", SECRET)
    result = run_raising(error)
    assert result.exit_code == 1
    assert SECRET not in result.output
    assert "$GITHUB_TOKEN" in result.output


def test_an_internal_error_is_reported_as_such() -> None:
    result = run_raising(ValueError("unforeseen"))
    assert "internal error; please report it" in result.output
    assert "ValueError: unforeseen" in result.output
