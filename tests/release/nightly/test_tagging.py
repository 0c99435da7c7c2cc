"""What becomes of a green commit."""

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
from release.nightly import tagging
from release.nightly.green import Choice
from tests.git import git
from tests.release.faults.tree import state

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
A, B = "a" * 40, "b" * 40


def chosen(sha: str = A) -> Choice:
    return Choice(Commit(sha, "Compile faster", "Ada", NOW), (), None)


@pytest.fixture
def store(tmp_path: Path) -> DirectoryStore:
    return DirectoryStore(tmp_path / "store")


def test_a_candidate_is_a_tag_a_draft_and_the_evidence(store: DirectoryStore) -> None:
    tagged = tagging.tag(store, chosen(), now=NOW)
    assert (tagged.tag, tagged.version, tagged.made) == (
        "candidate-20261125.1",
        "20261125.1",
        True,
    )
    assert store.tags() == {tagged.tag: A}
    release = store.release(tagged.tag)
    assert release is not None
    assert (release.draft, release.prerelease) == (True, True)
    evidence = json.loads(b"".join(store.read(tagged.tag, "evidence.json")))
    assert (evidence["commit"], evidence["why"]) == (
        A,
        "it is what is checked out; nothing is checked there",
    )


def test_twice_is_once_and_the_evidence_stays_that_of_the_first(store: DirectoryStore) -> None:
    first = tagging.tag(store, chosen(), now=NOW)
    before = state(store.root)
    again = tagging.tag(store, chosen(), now=NOW.replace(hour=23))
    assert (again.tag, again.made, again.evidence) == (first.tag, False, first.evidence)
    assert state(store.root) == before


def test_a_commit_that_was_a_candidate_another_day_still_is(store: DirectoryStore) -> None:
    """Catches: the same bytes every night under another name, while main is red."""
    tagging.tag(store, chosen(), now=NOW)
    assert tagging.tag(store, chosen(), now=NOW.replace(day=26)).tag == "candidate-20261125.1"


def test_n_counts_the_day(store: DirectoryStore) -> None:
    store.create_tag("candidate-20261124.7", B)
    store.create_tag("candidate-20261125.9", B)
    store.create_tag("candidate-20261125.10", B)
    store.create_tag("candidate-20261125.x", B)
    assert tagging.tag(store, chosen(), now=NOW).tag == "candidate-20261125.11"


def test_a_number_that_is_given_is_taken(store: DirectoryStore) -> None:
    assert tagging.tag(store, chosen(), now=NOW, number=812).tag == "candidate-20261125.812"
    assert not tagging.tag(store, chosen(), now=NOW, number=812).made
    with pytest.raises(Conflict, match=r"the tag candidate-20261125\.812 is at aaaaaaaaaaaa"):
        tagging.tag(store, chosen(B), now=NOW, number=812)


def test_a_candidate_keeps_its_number_whatever_number_is_given(store: DirectoryStore) -> None:
    """Catches: the same commit under another name with each run of CI, while main is red."""
    tagging.tag(store, chosen(), now=NOW, number=812)
    again = tagging.tag(store, chosen(), now=NOW.replace(day=26), number=813)
    assert (again.tag, again.made) == ("candidate-20261125.812", False)


def test_what_only_looks_like_a_candidate_is_none(store: DirectoryStore) -> None:
    store.create_tag("candidate-20261399.1", A)
    assert tagging.tag(store, chosen(), now=NOW).tag == "candidate-20261125.1"


def test_of_two_that_tag_a_commit_at_once_the_first_evidence_stays(
    store: DirectoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = tagging.tag(store, chosen(), now=NOW)
    fresh = store.assets
    stale: list[dict[str, Asset]] = [{}]
    monkeypatch.setattr(store, "assets", lambda tag: stale.pop() if stale else fresh(tag))
    assert tagging.tag(store, chosen(), now=NOW.replace(hour=23)).evidence == first.evidence


def test_evidence_that_cannot_be_read_is_named(store: DirectoryStore) -> None:
    store.create_tag("candidate-20261125.1", A)
    store.draft("candidate-20261125.1", commit=A, title="", notes="")
    store.put("candidate-20261125.1", Upload.of_bytes("evidence.json", b"{"))
    with pytest.raises(DocumentError, match=r"evidence\.json of candidate-20261125\.1: not a"):
        tagging.tag(store, chosen(), now=NOW)


def test_of_two_that_tag_at_once_each_has_a_number(
    store: DirectoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches: a counter that was right when it was read."""
    seen = store.tags()
    tagging.tag(store, chosen(B), now=NOW)
    fresh = store.tags
    stale = [seen, seen]
    monkeypatch.setattr(store, "tags", lambda: stale.pop() if stale else fresh())
    assert tagging.tag(store, chosen(), now=NOW).tag == "candidate-20261125.2"


def test_what_a_killed_run_left_out_is_completed(store: DirectoryStore) -> None:
    store.create_tag("candidate-20261125.1", A)
    tagging.tag(store, chosen(), now=NOW)
    assert "evidence.json" in store.assets("candidate-20261125.1")


def test_a_published_candidate_is_not_touched(store: DirectoryStore) -> None:
    tagging.tag(store, chosen(), now=NOW)
    store.discard("candidate-20261125.1", "evidence.json")
    store.publish("candidate-20261125.1", prerelease=True, latest=False)
    before = state(store.root)
    tagging.tag(store, chosen(), now=NOW)
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
    fixed = ["--store", store, "--source", str(checkout), "--date", "2026-11-25"]
    return CliRunner().invoke(app, [*fixed, *arguments])


def test_the_verb_says_what_it_did(checkout: Path) -> None:
    head = git(checkout, "rev-parse", "HEAD")[:12]
    assert run(checkout).output == f"candidate-20261125.1 at {head} (first), made\n"
    assert run(checkout).output == f"candidate-20261125.1 at {head} (first), there already\n"


def test_the_next_job_is_told_what_was_tagged(checkout: Path, tmp_path: Path) -> None:
    outputs = tmp_path / "outputs"
    outputs.write_text("before=1\n")
    assert run(checkout, "--outputs", str(outputs)).exit_code == 0
    told = dict(line.split("=") for line in outputs.read_text().splitlines())
    assert told.keys() == {"before", "tag", "version", "commit"}
    assert told["tag"] == f"candidate-{told['version']}"
    assert told["commit"] == git(checkout, "rev-parse", "HEAD")


def test_a_dry_run_touches_nothing(checkout: Path) -> None:
    result = run(checkout, "--dry-run")
    assert result.output.startswith("would tag candidate-20261125.1 at ")
    told = json.loads(run(checkout, "--dry-run", "--json").stdout)
    assert (told["tag"], told["made"]) == ("candidate-20261125.1", False)
    assert told["evidence"]["branch"] == "main"
    assert not (checkout.parent / "store").exists()
    run(checkout)
    assert run(checkout, "--dry-run").output.endswith(" (first), there already\n")


def test_a_commit_that_is_named_is_taken_and_says_so(checkout: Path) -> None:
    first = git(checkout, "rev-parse", "HEAD")
    git(checkout, "commit", "--quiet", "--allow-empty", "--message", "second")
    told = json.loads(run(checkout, "--commit", "HEAD~1", "--json").stdout)
    assert (told["commit"], told["made"], told["evidence"]["why"]) == (first, True, "it was named")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--commit", "nothing"], "it has no commit nothing; `git fetch` it first"),
        (["--branch", "other"], "it has no commit other"),
        (["--source", "nowhere"], "nowhere: not a git checkout; name one with --source"),
        (["--settings", "none.toml"], "none.toml: the settings cannot be read"),
    ],
)
def test_what_is_wrong_is_named(checkout: Path, arguments: list[str], message: str) -> None:
    result = run(checkout, *arguments)
    assert result.exit_code == 2, result.output
    assert message in result.output


def test_evidence_of_a_search_says_what_was_passed_over(store: DirectoryStore) -> None:
    over = Commit(B, "break it", "Ada", NOW)
    choice = Choice(chosen().commit, (), ("ci",), ((over, "ci: failure"),), "main")
    evidence = tagging.tag(store, choice, now=NOW).evidence
    assert evidence["passed_over"] == [{"commit": B, "subject": "break it", "why": "ci: failure"}]
    assert (evidence["branch"], evidence["required"]) == ("main", ["ci"])
    many = Choice(chosen(B).commit, (), ("ci",), ((over, "ci: failure"),) * 30, "main")
    assert len(tagging.tag(store, many, now=NOW).evidence["passed_over"]) == 20
