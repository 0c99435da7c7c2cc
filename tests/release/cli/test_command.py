"""What all commands share: their product, its settings, and how they report errors."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from release.cli import command
from release.model.document import dumps
from release.model.errors import Refused, RemoteError, UsageError
from release.model.plan import Plan
from tests.release.products import SETTINGS, declare, make_product

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


SAMPLE, ABACUS = make_product(), make_product(name="abacus", title="Abacus")


@pytest.fixture
def declared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two products, as the build declares them."""
    monkeypatch.setenv("PRODUCTS", declare(tmp_path / "products", SAMPLE, ABACUS))


def plan_of(name: str) -> Plan:
    product = make_product(name=name, title="As it was planned")
    return Plan(product=product, version="20261122.1", platforms=(), cells=(), dists=())


def test_the_first_product_is_the_default(declared: None) -> None:
    assert command.product_of(None).product == SAMPLE
    assert command.product_of("abacus").product == ABACUS


def test_an_unknown_product_is_reported_with_those_that_exist(declared: None) -> None:
    with pytest.raises(UsageError) as error:
        command.product_of("abbacus")
    assert str(error.value) == (
        "--product abbacus: unknown product; expected one of sample, abacus"
    )


def test_a_command_that_the_build_did_not_start_knows_no_product(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("PRODUCTS", raising=False)
    with pytest.raises(UsageError, match=r"\$PRODUCTS names no product; start the command with"):
        command.product_of(None)


def test_a_release_counts_as_what_its_plan_says(declared: None) -> None:
    """Catches: an old release that is judged by the current description of its product."""
    planned = plan_of("abacus")
    for name in (None, "abacus"):
        found = command.product_of_plan(planned, name)
        assert found
        assert (found.product, found.files.label) == (planned.product, "//products/abacus")


def test_a_release_of_another_product_than_the_chosen_one_is_refused(declared: None) -> None:
    with pytest.raises(UsageError) as error:
        command.product_of_plan(plan_of("abacus"), "sample")
    assert str(error.value) == (
        "--product sample: 20261122.1 is a release of abacus; omit the option, or name a release "
        "of sample"
    )


def test_a_release_of_a_product_that_is_not_declared_has_no_files(declared: None) -> None:
    """Catches: a release whose product was removed since, which can no longer be checked."""
    assert command.product_of_plan(plan_of("gone"), None) is None


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """The directory of a release of abacus, of which only the plan is read."""
    directory = tmp_path / "built"
    directory.mkdir()
    (directory / "plan.json").write_bytes(dumps(plan_of("abacus").to_json()))
    return directory


def test_the_product_of_a_release_directory_is_the_declared_one_that_its_plan_names(
    declared: None, built: Path
) -> None:
    """Catches: a second product whose wheels are checked against the projects of the first."""
    for name in (None, "abacus"):
        assert command.product_of_directory(built, name) == ABACUS
    with pytest.raises(UsageError, match=r"--product sample: 20261122\.1 is a release of abacus"):
        command.product_of_directory(built, "sample")


def test_a_directory_without_a_plan_has_the_chosen_product(declared: None, tmp_path: Path) -> None:
    """Catches: a wheelhouse, which has no plan, that is refused."""
    for directory in (None, tmp_path):
        assert command.product_of_directory(directory, None) == SAMPLE
        assert command.product_of_directory(directory, "abacus") == ABACUS


def test_a_release_directory_of_a_product_that_is_not_declared_has_that_of_its_plan(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRODUCTS", declare(tmp_path / "products", SAMPLE))
    assert command.product_of_directory(built, None) == plan_of("abacus").product


def test_settings_are_those_of_the_product_unless_a_file_overrides_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = replace(SETTINGS, purge=replace(SETTINGS.purge, keep_last=60))
    product = make_product(settings=own)
    assert command.settings_of(product, None) == own
    (tmp_path / "mine.toml").write_text("[purge]\nafter_days = 365\n")
    # `bazel run` does not start programs in the user's directory.
    monkeypatch.setenv("BUILD_WORKING_DIRECTORY", str(tmp_path))
    changed = replace(own, purge=replace(own.purge, after_days=365))
    assert command.settings_of(product, "mine.toml") == changed
