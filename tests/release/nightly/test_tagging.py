"""Tagging a green commit as a candidate."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from release.cli.tag import app
from release.hosting.directory_store import DirectoryStore
from release.hosting.source import Commit
from release.hosting.store import Asset, Conflict, Upload
from release.model.document import DocumentError
from release.model.evidence import PassedOver
from release.nightly import tagging
from release.nightly.green import Choice
from tests.git import git
from tests.release.faults.tree import state
from tests.release.products import declare, make_product

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
SAMPLE = "sample"
A, B = "a" * 40, "b" * 40


def choice_of(sha: str = A) -> Choice:
    return Choice(Commit(sha, "Compile faster", "Ada", NOW), (), None)


@pytest.fixture
def store(tmp_path: Path) -> DirectoryStore:
    return DirectoryStore(tmp_path / "store")


def test_a_candidate_is_a_tag_a_draft_and_evidence(store: DirectoryStore) -> None:
    tagged = tagging.tag(store, choice_of(), product=SAMPLE, now=NOW)
    assert (tagged.tag, tagged.version, tagged.created) == (
        "candidate-20261125.1",
        "20261125.1",
        True,
    )
    assert store.tags() == {tagged.tag: A}
    release = store.release(tagged.tag)
    assert release is not None
    assert (release.draft, release.prerelease) == (True, True)
    evidence = json.loads(b"".join(store.read(tagged.tag, "evidence.json")))
    assert (evidence["product"], evidence["commit"], evidence["why"]) == (
        SAMPLE,
        A,
        "it is checked out, and a checkout has no checks",
    )


def test_a_second_run_changes_nothing_and_keeps_the_first_evidence(store: DirectoryStore) -> None:
    first = tagging.tag(store, choice_of(), product=SAMPLE, now=NOW)
    before = state(store.root)
    again = tagging.tag(store, choice_of(), product=SAMPLE, now=NOW.replace(hour=23))
    assert (again.tag, again.created, again.evidence) == (first.tag, False, first.evidence)
    assert state(store.root) == before


def test_a_commit_stays_the_candidate_of_an_earlier_day(store: DirectoryStore) -> None:
    """Catches: the same commit as a new candidate every night while main is red."""
    tagging.tag(store, choice_of(), product=SAMPLE, now=NOW)
    again = tagging.tag(store, choice_of(), product=SAMPLE, now=NOW.replace(day=26))
    assert again.tag == "candidate-20261125.1"


def test_numbers_count_up_within_a_day(store: DirectoryStore) -> None:
    store.create_tag("candidate-20261124.7", B)
    store.create_tag("candidate-20261125.9", B)
    store.create_tag("candidate-20261125.10", B)
    store.create_tag("candidate-20261125.x", B)
    assert tagging.tag(store, choice_of(), product=SAMPLE, now=NOW).tag == "candidate-20261125.11"


def test_a_given_number_is_used(store: DirectoryStore) -> None:
    tagged = tagging.tag(store, choice_of(), product=SAMPLE, now=NOW, number=812)
    assert tagged.tag == "candidate-20261125.812"
    assert not tagging.tag(store, choice_of(), product=SAMPLE, now=NOW, number=812).created
    with pytest.raises(Conflict, match=r"the tag candidate-20261125\.812 is at aaaaaaaaaaaa"):
        tagging.tag(store, choice_of(B), product=SAMPLE, now=NOW, number=812)


def test_a_candidate_keeps_its_number_if_another_is_given(store: DirectoryStore) -> None:
    """Catches: the same commit as a new candidate in every CI run while main is red."""
    tagging.tag(store, choice_of(), product=SAMPLE, now=NOW, number=812)
    again = tagging.tag(store, choice_of(), product=SAMPLE, now=NOW.replace(day=26), number=813)
    assert (again.tag, again.created) == ("candidate-20261125.812", False)


def test_a_tag_with_an_invalid_date_is_not_a_candidate(store: DirectoryStore) -> None:
    store.create_tag("candidate-20261399.1", A)
    assert tagging.tag(store, choice_of(), product=SAMPLE, now=NOW).tag == "candidate-20261125.1"


def test_concurrent_runs_for_one_commit_keep_the_first_evidence(
    store: DirectoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = tagging.tag(store, choice_of(), product=SAMPLE, now=NOW)
    fresh = store.assets
    stale: list[dict[str, Asset]] = [{}]
    monkeypatch.setattr(store, "assets", lambda tag: stale.pop() if stale else fresh(tag))
    again = tagging.tag(store, choice_of(), product=SAMPLE, now=NOW.replace(hour=23))
    assert again.evidence == first.evidence


def test_invalid_evidence_is_an_error(store: DirectoryStore) -> None:
    store.create_tag("candidate-20261125.1", A)
    store.draft("candidate-20261125.1", commit=A, title="", notes="")
    store.put("candidate-20261125.1", Upload.of_bytes("evidence.json", b"{"))
    with pytest.raises(DocumentError, match=r"evidence\.json of candidate-20261125\.1: not a"):
        tagging.tag(store, choice_of(), product=SAMPLE, now=NOW)


def test_concurrent_runs_for_two_commits_get_different_numbers(
    store: DirectoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches: a counter that is stale by the time it is used."""
    outdated = store.tags()
    tagging.tag(store, choice_of(B), product=SAMPLE, now=NOW)
    fresh = store.tags
    stale = [outdated, outdated]
    monkeypatch.setattr(store, "tags", lambda: stale.pop() if stale else fresh())
    assert tagging.tag(store, choice_of(), product=SAMPLE, now=NOW).tag == "candidate-20261125.2"


def test_a_rerun_completes_what_a_killed_run_left_out(store: DirectoryStore) -> None:
    store.create_tag("candidate-20261125.1", A)
    tagging.tag(store, choice_of(), product=SAMPLE, now=NOW)
    assert "evidence.json" in store.assets("candidate-20261125.1")


def test_a_published_candidate_is_not_changed(store: DirectoryStore) -> None:
    tagging.tag(store, choice_of(), product=SAMPLE, now=NOW)
    store.discard("candidate-20261125.1", "evidence.json")
    store.publish("candidate-20261125.1", prerelease=True, latest=False)
    before = state(store.root)
    tagging.tag(store, choice_of(), product=SAMPLE, now=NOW)
    assert state(store.root) == before


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    directory = tmp_path / "checkout"
    directory.mkdir()
    git(directory, "init", "--quiet", "--initial-branch=main")
    git(directory, "commit", "--quiet", "--allow-empty", "--message", "first")
    return directory


def run(checkout: Path, *arguments: str) -> Result:
    store = f"directory:{checkout.parent / 'store'}"
    options = ["--store", store, "--source", str(checkout), "--date", "2026-11-25"]
    return CliRunner().invoke(app, [*options, *arguments])


def test_the_command_prints_what_it_did(checkout: Path) -> None:
    head = git(checkout, "rev-parse", "HEAD")[:12]
    assert run(checkout).output == f"Tagged {head} (first) as candidate-20261125.1\n"
    assert run(checkout).output == f"candidate-20261125.1 already exists at {head} (first)\n"


def test_a_store_of_another_product_gets_no_tag(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches: two nightlies that share a store by mistake, after the first was tagged."""
    assert run(checkout).exit_code == 0
    products = declare(tmp_path / "both", make_product(), make_product(name="abacus"))
    monkeypatch.setenv("PRODUCTS", products)
    result = run(checkout, "--product", "abacus", "--number", "7")
    assert result.exit_code == 1
    assert "candidate-20261125.1 is a release of sample, not of abacus" in result.stderr
    assert set(DirectoryStore(checkout.parent / "store").tags()) == {"candidate-20261125.1"}


def test_outputs_are_written_for_the_next_ci_job(checkout: Path, tmp_path: Path) -> None:
    outputs = tmp_path / "outputs"
    outputs.write_text("before=1\n")
    assert run(checkout, "--outputs", str(outputs)).exit_code == 0
    values = dict(line.split("=") for line in outputs.read_text().splitlines())
    assert values.keys() == {"before", "tag", "version", "commit"}
    assert values["tag"] == f"candidate-{values['version']}"
    assert values["commit"] == git(checkout, "rev-parse", "HEAD")


def test_a_dry_run_changes_nothing(checkout: Path) -> None:
    result = run(checkout, "--dry-run")
    head = git(checkout, "rev-parse", "HEAD")[:12]
    assert result.output.startswith(f"would tag {head} (first) as candidate-20261125.1 in ")
    printed = json.loads(run(checkout, "--dry-run", "--json").stdout)
    assert (printed["tag"], printed["made"]) == ("candidate-20261125.1", False)
    assert printed["evidence"]["branch"] == "main"
    assert not (checkout.parent / "store").exists()
    run(checkout)
    assert " already exists at " in run(checkout, "--dry-run").output


def test_a_named_commit_is_used_and_the_evidence_says_so(checkout: Path) -> None:
    first = git(checkout, "rev-parse", "HEAD")
    git(checkout, "commit", "--quiet", "--allow-empty", "--message", "second")
    printed = json.loads(run(checkout, "--commit", "HEAD~1", "--json").stdout)
    assert (printed["commit"], printed["made"]) == (first, True)
    assert printed["evidence"]["why"] == "it was named with --commit"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--commit", "nothing"], "no commit nothing; run `git fetch` first"),
        (["--branch", "other"], "no commit other"),
        (["--source", "nowhere"], "nowhere: not a git checkout; name one with --source"),
        (["--settings", "none.toml"], "none.toml: cannot read the settings"),
    ],
)
def test_invalid_options_are_errors(checkout: Path, arguments: list[str], message: str) -> None:
    result = run(checkout, *arguments)
    assert result.exit_code == 2, result.output
    assert message in result.output


def test_evidence_of_a_search_lists_the_commits_that_were_passed_over(
    store: DirectoryStore,
) -> None:
    over = Commit(B, "break it", "Ada", NOW)
    choice = Choice(choice_of().commit, (), ("ci",), ((over, "ci: failure"),), "main")
    evidence = tagging.tag(store, choice, product=SAMPLE, now=NOW).evidence
    assert evidence.passed_over == (PassedOver(B, "break it", "ci: failure"),)
    assert (evidence.branch, evidence.required) == ("main", ("ci",))
    many = Choice(choice_of(B).commit, (), ("ci",), ((over, "ci: failure"),) * 30, "main")
    assert len(tagging.tag(store, many, product=SAMPLE, now=NOW).evidence.passed_over) == 20
