"""`bazel run //release:nightly`: its results, output and exit codes."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from release.cli.nightly import app
from release.hosting import catalogue
from release.hosting.checkout import Checkout
from release.hosting.directory_store import DirectoryStore
from tests.git import git
from tests.release.faults.tree import state
from tests.release.publish.samples import LINUX, WINDOWS
from tests.servers.github.server import GitHub


def nightly(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def today() -> str:
    return f"{datetime.now(UTC):%Y%m%d}"


def store_of(checkout: Path) -> DirectoryStore:
    return DirectoryStore(checkout / "store")


def test_without_arguments_it_rehearses_in_the_checkout(checkout: Path) -> None:
    result = nightly()
    assert result.exit_code == 0, result.output
    store = store_of(checkout)
    (release,) = store.releases()
    head = git(checkout, "rev-parse", "HEAD")
    assert re.fullmatch(rf"candidate-{today()}\.1", release.tag)
    assert not release.draft
    assert store.tags() == {release.tag: head}
    assert store.branch("latest-snapshot") == head
    assert (checkout / "store" / "site" / "index.html").exists()
    assert git(checkout, "status", "--porcelain") == ""


def test_the_last_line_installs_the_release(checkout: Path) -> None:
    result = nightly()
    lines = [line for line in result.stdout.splitlines() if line.strip()]
    version = f"{today()}.1"
    links = f"{checkout}/store/releases/candidate-{version}"
    assert lines[-1] == f"    pip install --find-links {links} iree-runtime=={version}"


def test_the_manifest_records_the_commit_and_the_evidence(checkout: Path) -> None:
    nightly()
    store = store_of(checkout)
    (release,) = store.releases()
    manifest = json.loads(b"".join(store.read(release.tag, "manifest.json")))
    assert manifest["commit"] == git(checkout, "rev-parse", "HEAD")
    assert manifest["dirty"] is False
    assert manifest["evidence"]["why"] == "it is checked out, and a checkout has no checks"


def test_a_second_nightly_of_the_same_commit_changes_nothing(checkout: Path) -> None:
    nightly()
    before = state(checkout / "store")
    (checkout / "calls").unlink()
    result = nightly()
    assert result.exit_code == 0, result.output
    assert "is already published" in result.output
    assert state(checkout / "store") == before
    assert not (checkout / "calls").exists(), "Bazel was called"


def test_the_next_commit_is_the_next_nightly_and_its_notes_list_the_changes(
    checkout: Path,
) -> None:
    nightly()
    git(checkout, "commit", "--quiet", "--allow-empty", "--message", "Fix *it*")
    assert nightly().exit_code == 0
    store = store_of(checkout)
    newest = next(store.releases())
    assert newest.tag == f"candidate-{today()}.2"
    assert f"## Commits since candidate-{today()}.1" in newest.notes
    assert "Fix \\*it\\* (Ada)" in newest.notes
    assert "Compile faster" not in newest.notes


def test_without_the_windows_payload_the_other_platforms_are_published(checkout: Path) -> None:
    """Catches: a broken platform that blocks the others."""
    (checkout / "unfetchable").write_text(WINDOWS)
    git(checkout, "commit", "--quiet", "--all", "--message", "lose Windows")
    result = nightly()
    assert result.exit_code == 0, result.output
    reason = f"the payload of {WINDOWS} cannot be fetched"
    assert f"without {WINDOWS}, which is tolerated: {reason}" in result.output
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    assert f"missing since {today} (tolerated): iree_runtime" in result.stdout
    store = store_of(checkout)
    (release,) = store.releases()
    assert f"- {WINDOWS} (iree-runtime, dist), since " in release.notes
    assert reason.replace("_", "\\_") in release.notes
    assert not any("win_amd64" in name for name in store.assets(release.tag))
    page = (checkout / "store/site/index.html").read_text()
    assert f"without {WINDOWS}" in page
    assert reason in page


def test_the_manifest_records_which_files_are_missing(
    checkout: Path,
) -> None:
    (checkout / "unfetchable").write_text(WINDOWS)
    git(checkout, "commit", "--quiet", "--all", "--message", "lose Windows")
    nightly("--version", "20261101.1")
    manifest = catalogue.manifest_of(store_of(checkout), "candidate-20261101.1")
    assert manifest is not None
    assert set(manifest.missing) == {
        ("iree-runtime", WINDOWS, "3.14"),
        ("iree-runtime", WINDOWS, "3.15"),
        (None, WINDOWS, None),
    }


def test_without_the_linux_payload_nothing_is_published_and_it_exits_with_1(
    checkout: Path,
) -> None:
    (checkout / "unfetchable").write_text(f"{LINUX} {WINDOWS}")
    git(checkout, "commit", "--quiet", "--all", "--message", "lose Linux")
    result = nightly()
    assert result.exit_code == 1, result.output
    assert (
        f"error: {LINUX} is required and could not be built: the payload of {LINUX} cannot be "
        "fetched; nothing is published"
    ) in result.output
    store = store_of(checkout)
    assert all(release.draft for release in store.releases())
    assert not (checkout / "store" / "site").exists()
    assert store.branch("latest-snapshot") is None


def test_another_version_can_be_given(checkout: Path) -> None:
    result = nightly("--version", "3.14.0rc20261125")
    assert result.exit_code == 0, result.output
    (release,) = store_of(checkout).releases()
    assert (release.tag, release.prerelease) == ("v3.14.0rc20261125", True)


def test_a_commit_of_another_branch_does_not_move_the_snapshot_branch(
    checkout: Path,
) -> None:
    """Catches: a patch of an old release as the latest snapshot."""
    nightly()
    main = git(checkout, "rev-parse", "HEAD")
    git(checkout, "checkout", "--quiet", "-b", "release-3.13")
    git(checkout, "commit", "--quiet", "--allow-empty", "--message", "Fix the crash")
    patch = git(checkout, "rev-parse", "HEAD")
    git(checkout, "checkout", "--quiet", "main")
    result = nightly("--commit", "release-3.13")
    assert result.exit_code == 0, result.output
    store = store_of(checkout)
    assert store.tags()[f"candidate-{today()}.2"] == patch
    assert store.branch("latest-snapshot") == main


def test_a_commit_that_is_not_checked_out_is_built_in_a_worktree(
    checkout: Path,
) -> None:
    """Catches: a tag at one commit with files of another."""
    (checkout / "salt").write_text("later")
    git(checkout, "commit", "--quiet", "--all", "--message", "later")
    result = nightly("--commit", "HEAD~1")
    assert result.exit_code == 0, result.output
    assert not (checkout / "calls").exists()
    store = store_of(checkout)
    (release,) = store.releases()
    assert store.tags() == {release.tag: git(checkout, "rev-parse", "HEAD~1")}


def test_uncommitted_changes_can_be_rehearsed_and_the_manifest_says_so(
    checkout: Path,
) -> None:
    (checkout / "salt").write_text("not committed")
    assert nightly().exit_code == 0
    store = store_of(checkout)
    (release,) = store.releases()
    assert json.loads(b"".join(store.read(release.tag, "manifest.json")))["dirty"] is True
    (checkout / "salt").write_text("and changed again")
    result = nightly()
    assert result.exit_code == 1
    assert "is already published with different files" in result.output


def test_a_dry_run_prints_what_it_would_do_and_changes_nothing(checkout: Path) -> None:
    result = nightly("--dry-run")
    assert result.exit_code == 0, result.output
    assert f"as candidate-{today()}.1" in result.output
    assert f"would publish it in directory:{checkout}/store" in result.output
    assert not (checkout / "store").exists()
    assert not (checkout / "calls").exists()


def test_the_result_can_be_printed_as_json(checkout: Path) -> None:
    result = json.loads(nightly("--json").stdout)
    assert (result["version"], result["missing"]) == (f"{today()}.1", {})
    assert result["install"].startswith("pip install --find-links ")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--version", "v3"], 2, "v3: not a version in canonical form"),
        (["--store", "here"], 2, "--store here: write directory:PATH or github:OWNER/REPO"),
        (["--commit", "none"], 2, "no commit none"),
    ],
)
def test_invalid_options_are_reported_before_anything_is_changed(
    checkout: Path, arguments: list[str], code: int, message: str
) -> None:
    result = nightly(*arguments)
    assert result.exit_code == code, result.output
    assert message in result.output
    assert not (checkout / "store").exists()


def test_development_versions_are_not_published_on_github(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "x")
    result = nightly("--store", "github:octo/iree", "--version", "0.dev0")
    assert result.exit_code == 1
    assert "0.dev0 is a development version, which github:octo/iree does not" in result.output


def green_on(github: GitHub) -> tuple[str, str]:
    """A repository whose head is green, and that head."""
    repository = github.repository()
    sha = github.head(repository)
    github.check_run(repository, sha, "ci", "success", at="2026-11-22T10:00:00Z")
    github.require(repository, ["ci"])
    return repository, sha


def test_a_nightly_on_github(
    checkout: Path, github: GitHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches: a nightly that works in a directory store, but not on GitHub."""
    repository, sha = green_on(github)
    # Commits cannot be pushed to the GitHub server for tests, so the checkout reports its commit.
    monkeypatch.setattr(Checkout, "head", property(lambda _: sha))
    result = nightly("--store", f"github:{repository}", "--github-api", github.url)
    assert result.exit_code == 0, result.output
    found = github.snapshot(repository)
    (release,) = found["releases"]
    assert (release["draft"], release["prerelease"]) == (False, True)
    assert release["tag"] == f"candidate-{today()}.1"
    assert {"manifest.json", "SHA256SUMS", "evidence.json"} <= set(release["assets"])
    assert "publishing.lock" not in release["assets"]
    assert found["refs"]["refs/heads/latest-snapshot"] == sha
    assert found["refs"][f"refs/tags/candidate-{today()}.1"] == sha
    assert "Checks of this commit: ci success." in release["notes"]
    page = (checkout / "site" / "simple" / "iree-runtime" / "index.html").read_text()
    assert page.count(f'<a href="{github.url}/downloads/') == 2
    assert nightly("--store", f"github:{repository}", "--github-api", github.url).exit_code == 0
    assert github.snapshot(repository) == found


def test_on_github_a_commit_that_the_checkout_lacks_is_an_error(
    checkout: Path, github: GitHub
) -> None:
    repository, sha = green_on(github)
    result = nightly("--store", f"github:{repository}", "--github-api", github.url)
    assert result.exit_code == 2
    assert f"no commit {sha[:12]}; run `git fetch` first" in result.output
    (draft,) = github.snapshot(repository)["releases"]
    assert draft["draft"]
