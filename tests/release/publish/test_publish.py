"""`bazel run //release:publish`: its output and exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from release.cli.publish import app
from release.hosting.directory_store import DirectoryStore
from tests.release.faults.tree import state
from tests.release.publish.samples import VERSION, WINDOWS, make_release, write_verdicts

TAG = f"candidate-{VERSION}"
COMMIT = "c" * 40


@pytest.fixture
def arguments(tmp_path: Path) -> list[str]:
    made = make_release(tmp_path / "release")
    verdicts = write_verdicts(made, tmp_path / "verdicts")
    return [
        *("--store", f"directory:{tmp_path / 'store'}", "--from", str(made)),
        *("--verdicts", str(verdicts), "--commit", COMMIT),
    ]


def publish(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def test_the_last_line_installs_the_release(arguments: list[str], tmp_path: Path) -> None:
    result = publish(*arguments)
    assert result.exit_code == 0, result.output
    assert f"Published {TAG} in directory:{tmp_path}/store: 11 uploaded" in result.output
    line = f"    pip install --find-links {tmp_path}/store/releases/{TAG} iree-runtime=={VERSION}"
    assert result.output.rstrip("\n").splitlines()[-1] == line


def test_publishing_again_reports_that_it_was_done(arguments: list[str], tmp_path: Path) -> None:
    publish(*arguments)
    before = state(tmp_path / "store")
    result = publish(*arguments)
    assert result.exit_code == 0
    assert "is already published with the same files" in result.output
    assert state(tmp_path / "store") == before


def test_a_dry_run_reports_what_it_would_do_and_changes_nothing(
    arguments: list[str], tmp_path: Path
) -> None:
    result = publish(*arguments, "--dry-run")
    assert result.exit_code == 0, result.output
    assert "would upload manifest.json" in result.output
    assert f"would publish {TAG} at cccccccccccc" in result.output
    assert not (tmp_path / "store").exists()


def test_the_result_can_be_printed_as_json(arguments: list[str]) -> None:
    result = publish(*arguments, "--json")
    printed = json.loads(result.stdout)
    assert (printed["tag"], printed["already"], printed["missing"]) == (TAG, False, {})
    assert printed["placed"]["manifest.json"] == "uploaded"


def test_the_snapshot_branch_follows_if_requested(arguments: list[str], tmp_path: Path) -> None:
    store = DirectoryStore(tmp_path / "store")
    assert publish(*arguments).exit_code == 0
    assert store.branch("latest-snapshot") is None
    assert publish(*arguments, "--snapshot").exit_code == 0, (
        "also for a release that is already published"
    )
    assert store.branch("latest-snapshot") == COMMIT


def test_the_reason_for_a_missing_platform_is_in_the_notes(
    arguments: list[str], tmp_path: Path
) -> None:
    made = make_release(tmp_path / "without", missing=[WINDOWS])
    verdicts = write_verdicts(made, tmp_path / "of-it")
    result = publish(
        *arguments,
        *("--from", str(made), "--verdicts", str(verdicts)),
        *("--missing-why", "its build did not end in time"),
    )
    assert result.exit_code == 0, result.output
    release = DirectoryStore(tmp_path / "store").release(TAG)
    assert release
    assert "its build did not end in time" in release.notes


def test_verdicts_of_other_files_are_refused(arguments: list[str], tmp_path: Path) -> None:
    """Catches: yesterday's verdicts applied to today's files."""
    other = make_release(tmp_path / "other", salt="other")
    result = publish(*arguments, "--from", str(other))
    assert result.exit_code == 2
    assert "its verdicts are about other files; run `validate`" in result.output


def test_a_file_that_changed_after_it_was_examined_is_not_published(
    arguments: list[str], tmp_path: Path
) -> None:
    """Catches: files that were not examined, under the names of those that were."""
    dist = next((tmp_path / "release" / "dists").iterdir())
    dist.write_bytes(b"something else")
    result = publish(*arguments)
    assert result.exit_code == 1
    assert "the file changed after it was checked" in result.output
    release = DirectoryStore(tmp_path / "store").release(TAG)
    assert release is not None
    assert release.draft


def test_a_store_of_another_product_is_refused_before_any_upload(
    arguments: list[str], tmp_path: Path
) -> None:
    """Catches: two products in one store."""
    assert publish(*arguments).exit_code == 0
    before = state(tmp_path / "store")
    made = make_release(tmp_path / "other", "20261123.1")
    plan = json.loads((made / "plan.json").read_bytes())
    plan["product"]["name"] = "abacus"
    (made / "plan.json").write_text(json.dumps(plan))
    result = publish(*arguments, "--from", str(made))
    assert result.exit_code == 1
    assert f"{TAG} is a release of sample, not of abacus" in result.stderr
    assert state(tmp_path / "store") == before


def test_a_product_that_is_not_that_of_the_release_is_refused(arguments: list[str]) -> None:
    result = publish(*arguments, "--product", "abacus")
    assert result.exit_code == 2
    assert f"--product abacus: {VERSION} is a release of sample" in result.stderr
    assert publish(*arguments, "--product", "sample").exit_code == 0


def test_the_settings_are_those_of_the_release_unless_a_file_overrides_them(
    arguments: list[str], tmp_path: Path
) -> None:
    store = DirectoryStore(tmp_path / "store")
    file = tmp_path / "settings.toml"
    file.write_text('[publish]\nsnapshot_branch = "newest"\n')
    assert publish(*arguments, "--snapshot", "--settings", str(file)).exit_code == 0
    assert store.branch("newest") == COMMIT
    assert store.branch("latest-snapshot") is None


@pytest.mark.parametrize(
    ("store", "message"),
    [
        ("s3:bucket", "--store s3:bucket: write directory:PATH or github:OWNER/REPO"),
        ("directory:", "write directory:PATH or github:OWNER/REPO"),
        ("github:nobody", "github:nobody: write github:OWNER/REPO"),
        ("github:a/b", "GITHUB_TOKEN is not set; set it to a token with write access"),
    ],
)
def test_an_invalid_store_is_reported(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, store: str, message: str
) -> None:
    monkeypatch.delenv("GITHUB_TOKEN", raising=False)
    result = publish(*arguments, "--store", store)
    assert result.exit_code == 2
    assert message in result.output


def test_a_directory_that_is_not_a_store_is_unchanged(arguments: list[str], tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.jpg").write_bytes(b"")
    result = publish(*arguments, "--store", f"directory:{tmp_path / 'photos'}")
    assert result.exit_code == 2
    assert "not a store, and not empty; name an empty or new directory" in result.output
    assert [path.name for path in (tmp_path / "photos").iterdir()] == ["a.jpg"]
