"""`bazel run //release:promote`: the release that it publishes, its output and exit codes."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from release.cli.promote import app
from release.gate import examination
from release.hosting.directory_store import DirectoryStore
from release.hosting.github_store import GitHubStore
from release.hosting.store import Store, Upload
from release.model.release_dir import ReleaseDirectory
from release.model.verdicts import Verdicts
from release.site import site
from tests.git import git
from tests.release.faults.tree import state
from tests.release.products import SETTINGS
from tests.release.promote.samples import COMMIT, publish
from tests.release.publish.samples import (
    DAY,
    VERSION,
    WINDOWS,
    make_evidence,
    make_release,
    sample_product,
    verdicts_for,
)
from tests.servers.github.server import GitHub

TAG = f"candidate-{VERSION}"
EVIDENCE = make_evidence(TAG, COMMIT)
WHEEL = "iree_tools_tf-{}-py3-none-any.whl"


@pytest.fixture(autouse=True)
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty checkout that the command runs in."""
    directory = tmp_path / "checkout"
    directory.mkdir()
    git(directory, "init", "--quiet")
    monkeypatch.setenv("BUILD_WORKSPACE_DIRECTORY", str(directory))
    return directory


@pytest.fixture
def store(tmp_path: Path) -> DirectoryStore:
    """A store with a candidate."""
    made = DirectoryStore(tmp_path / "store")
    publish(made, make_release(tmp_path / "candidate"), TAG, evidence=EVIDENCE)
    return made


def promote(store: Store, *arguments: str, version: str = "3.14.0", tag: str = TAG) -> Result:
    return CliRunner().invoke(
        app,
        [
            *("--store", store.address, "--candidate", tag, "--version", version),
            *("--date", "2200-01-01", *arguments),
        ],
    )


def manifest(store: Store, tag: str = "v3.14.0") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(b"".join(store.read(tag, "manifest.json")))
    return found


def test_it_makes_the_stable_release_with_all_files(store: DirectoryStore) -> None:
    result = promote(store)
    assert result.exit_code == 0, result.output
    release = store.release("v3.14.0")
    assert release
    assert (release.draft, release.prerelease, release.title) == (False, False, "Stable 3.14.0")
    assert store.tags()["v3.14.0"] == COMMIT
    was, now = store.assets(TAG), store.assets("v3.14.0")
    assert set(now) == {name.replace(VERSION, "3.14.0") for name in was}
    assert result.stdout.endswith(
        f"    pip install --find-links {store.find_links('v3.14.0')} iree-runtime==3.14.0\n"
    )


def test_the_manifest_names_the_files_of_the_candidate(store: DirectoryStore) -> None:
    """Catches: a stable wheel that cannot be traced to the wheel that users tested."""
    promote(store)
    stable, candidate = manifest(store), manifest(store, TAG)
    assert stable["promoted_from"] == TAG
    assert stable["commit"] == candidate["commit"]
    assert stable["product"] == candidate["product"] == "sample"
    assert stable["evidence"] == EVIDENCE.to_json()
    digests = {one["filename"]: one["sha256"] for one in candidate["artifacts"]}
    for artifact in stable["artifacts"]:
        origin = artifact["promoted_from"]
        assert digests.pop(origin["filename"]) == origin["sha256"] != artifact["sha256"]
        assert all("tool" not in path.split("/")[-1] for path in origin["rewritten"])
    assert not digests


def test_a_run_of_the_candidate_does_not_count_for_the_release(
    store: DirectoryStore,
) -> None:
    """Catches: a check mark for files that were never installed."""
    promote(store)
    runs = {
        (cell["platform"], cell["run"], cell["run_detail"]) for cell in manifest(store)["cells"]
    }
    assert (WINDOWS, "not run", f"as {TAG}: not run") in runs


def test_the_release_is_examined_before_it_is_published(
    store: DirectoryStore, gate: list[Mapping[str, Any]]
) -> None:
    promote(store)
    (call,) = gate
    assert call["release"].plan.version == "3.14.0"
    assert call["release"].manifest.promoted_from == TAG
    assert call["options"].run is False
    assert call["options"].limits.wheel == SETTINGS.publish.registry_file_limit


def test_a_refusal_of_the_gate_publishes_nothing(
    store: DirectoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(release: ReleaseDirectory, *_: object, **__: object) -> Verdicts:
        return verdicts_for(replace(release, files=()), DAY)

    monkeypatch.setattr(examination, "examine", refuse)
    before = state(store.root)
    result = promote(store)
    assert result.exit_code == 1
    assert "the gate refused 3.14.0, and nothing was published" in result.stderr
    assert state(store.root) == before


def test_a_second_run_changes_nothing_and_downloads_nothing(
    store: DirectoryStore, gate: list[Mapping[str, Any]]
) -> None:
    promote(store)
    before = state(store.root)
    result = promote(store)
    assert result.exit_code == 0, result.output
    assert f"{TAG} was already promoted to v3.14.0" in result.stdout
    assert state(store.root) == before
    assert len(gate) == 1


def test_a_version_of_another_candidate_is_refused(store: DirectoryStore, tmp_path: Path) -> None:
    """Catches: two candidates under one stable version."""
    place = make_release(tmp_path / "next", "20261123.1", salt="next")
    publish(store, place, "candidate-20261123.1")
    promote(store)
    result = promote(store, tag="candidate-20261123.1")
    assert result.exit_code == 1
    assert f"v3.14.0 is already published, made from {TAG}; use the next version" in result.stderr


def test_a_draft_of_another_candidate_is_refused(store: DirectoryStore, tmp_path: Path) -> None:
    place = make_release(tmp_path / "next", "20261123.1", salt="next")
    publish(store, place, "candidate-20261123.1")
    store.draft("v3.14.0", commit=COMMIT, title="", notes="")
    store.put(
        "v3.14.0", Upload.of_bytes("manifest.json", json.dumps(manifest(store, TAG)).encode())
    )
    result = promote(store)
    assert result.exit_code == 1
    assert "the draft v3.14.0 already holds" in result.stderr


def test_an_unmet_condition_refuses_and_writes_nothing(
    store: DirectoryStore, checkout: Path
) -> None:
    before = state(store.root)
    result = promote(store, "--date", "2000-01-01")
    assert result.exit_code == 1
    assert "--override age=REASON" in result.stderr
    assert state(store.root) == before
    assert not (checkout / "promotion").exists()


def test_an_override_is_published_with_its_reason(store: DirectoryStore) -> None:
    result = promote(store, "--date", "2000-01-01", "--override", "age=fixes *the* crash")
    assert result.exit_code == 0, result.output
    assert manifest(store)["overrides"] == {"age": "fixes *the* crash"}
    assert [one["name"] for one in manifest(store)["conditions"] if not one["met"]] == ["age"]
    release = store.release("v3.14.0")
    assert release
    assert "**The condition `age` was overridden:** fixes \\*the\\* crash" in release.notes


def test_a_missing_platform_needs_an_override_and_is_reported_with_its_date(
    store: DirectoryStore, tmp_path: Path, gate: list[Mapping[str, Any]]
) -> None:
    tag = "candidate-20261123.1"
    place = make_release(tmp_path / "next", "20261123.1", missing=[WINDOWS])
    publish(store, place, tag)
    assert promote(store, tag=tag).exit_code == 1
    result = promote(store, "--override", "platforms=no Windows this time", tag=tag)
    assert result.exit_code == 0, result.output
    assert re.search(r"missing since .*: iree-dist-3\.14\.0-windows-x86_64", result.stdout)
    assert gate[-1]["previous"].missing[None, WINDOWS, None] == DAY, "not since the promotion"
    assert not any("windows" in name for name in store.assets("v3.14.0"))


def test_a_patch_of_an_older_line_is_not_the_latest(store: DirectoryStore, tmp_path: Path) -> None:
    """Catches: `latest` that moves back from 3.14.0 to 3.13.1."""
    tag = "candidate-20261123.1"
    publish(store, make_release(tmp_path / "patch", "20261123.1"), tag, "d" * 40)
    promote(store)
    result = promote(store, tag=tag, version="3.13.1")
    assert result.exit_code == 0, result.output
    assert store.tags()["v3.13.1"] == "d" * 40
    marked = {
        one: json.loads((store.root / "releases" / one / "release.json").read_text())["latest"]
        for one in ("v3.14.0", "v3.13.1")
    }
    assert marked == {"v3.14.0": True, "v3.13.1": False}


def test_a_file_that_changed_in_the_store_is_refused(store: DirectoryStore) -> None:
    """Catches: a file that replaced the one that users tested."""
    name = WHEEL.format(VERSION)
    path = store.root / "releases" / TAG / name
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("evil.py", "")
    result = promote(store)
    assert result.exit_code == 1
    assert f"{name} of {TAG} does not match its manifest digest" in result.stderr
    assert store.release("v3.14.0") is None


def test_a_dry_run_reports_what_it_would_do(store: DirectoryStore, checkout: Path) -> None:
    before = state(store.root)
    result = promote(store, "--dry-run")
    assert result.exit_code == 0, result.output
    assert f"would make {WHEEL.format('3.14.0')} from {WHEEL.format(VERSION)}" in result.stdout
    assert "would publish v3.14.0 at cccccccccccc" in result.stdout
    assert state(store.root) == before
    assert not (checkout / "promotion").exists()


def test_the_index_of_the_store_lists_it(store: DirectoryStore) -> None:
    site.write(store, store.root / "site", sample_product(), now=datetime.now(UTC))
    result = promote(store, "--json")
    assert json.loads(result.stdout)["site"] == str(store.root / "site")
    page = (store.root / "site" / "simple" / "iree-tools-tf" / "index.html").read_text()
    assert WHEEL.format("3.14.0") in page


def test_a_killed_download_is_continued(store: DirectoryStore, checkout: Path) -> None:
    """Catches: half a file treated as a complete one."""
    work = checkout / "promotion" / TAG
    work.mkdir(parents=True)
    (work / f".{WHEEL.format(VERSION)}").write_bytes(b"half")
    (work / WHEEL.format(VERSION)).write_bytes(b"other")
    assert promote(store).exit_code == 0
    assert (work / WHEEL.format(VERSION)).stat().st_size > 100


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ({"version": "3.14.0rc1"}, 2, "--version 3.14.0rc1: write a stable version"),
        ({"version": "03.14"}, 2, "not a version in canonical form"),
        ({"tag": "v3.13.0"}, 2, "--candidate v3.13.0: not the tag of a pre-release"),
        ({"tag": "main"}, 2, "--candidate main: not the tag of a pre-release"),
        ({"tag": "candidate-20261101.1"}, 1, "no release candidate-20261101.1"),
    ],
)
def test_invalid_input_is_reported_in_one_sentence(
    store: DirectoryStore, arguments: dict[str, str], code: int, message: str
) -> None:
    result = promote(store, **arguments)
    assert result.exit_code == code
    assert message in result.stderr


def test_a_draft_is_not_a_candidate(store: DirectoryStore) -> None:
    store.draft("candidate-20261123.1", commit=COMMIT, title="", notes="")
    result = promote(store, tag="candidate-20261123.1")
    assert result.exit_code == 1
    assert "is a draft, which users cannot test" in result.stderr


def test_a_candidate_without_a_plan_is_refused(store: DirectoryStore) -> None:
    (store.root / "releases" / TAG / "plan.json").unlink()
    result = promote(store)
    assert result.exit_code == 1
    assert "build its commit as another candidate" in result.stderr


def test_a_missing_tool_is_reported_with_the_command(
    store: DirectoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RESTAMP")
    result = promote(store)
    assert result.exit_code == 2
    assert "./bazelw run //release:promote" in result.stderr


def test_open_issues_on_github_block_a_promotion(github: GitHub, tmp_path: Path) -> None:
    """Catches: a blocker that is ignored; a closed issue or one with another label that blocks."""
    repository = github.repository()
    target = GitHubStore.open(repository, api=github.url)
    publish(target, make_release(tmp_path / "candidate"), TAG, github.head(repository))
    github.issue(repository, "slow", ["bug"])
    number = github.issue(repository, "crash", ["release-blocker"])
    arguments = ("--github-api", github.url)
    refused = promote(target, *arguments)
    assert refused.exit_code == 1
    assert (
        f"blockers: open issues with the label release-blocker: #{number} (crash)" in refused.stderr
    )
    github.close_issue(repository, number)
    result = promote(target, *arguments)
    assert result.exit_code == 0, result.output
    release = target.release("v3.14.0")
    assert release
    assert not release.prerelease
    assert target.tags()["v3.14.0"] == github.head(repository)
    assert manifest(target)["promoted_from"] == TAG
