"""`bazel run //release:purge`: its output, what it removes, and its exit codes."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from release.cli.purge import app
from release.hosting import catalogue
from release.hosting.directory_store import DirectoryStore
from release.hosting.store import Upload
from release.model import document
from release.model.errors import RemoteError
from release.model.manifest import Manifest
from release.purge import purge as purging
from release.purge.purge import PurgeRun
from release.site import site
from tests.release.faults.tree import state
from tests.release.products import declare, make_product

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
PRODUCT = make_product()
OLD, NEW, STABLE = "candidate-20260101.1", "candidate-20261124.1", "v3.14.0"


@pytest.fixture(autouse=True)
def products(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The product, as the build declares it."""
    monkeypatch.setenv("PRODUCTS", declare(tmp_path / "products", PRODUCT))


@pytest.fixture
def store(tmp_path: Path) -> DirectoryStore:
    """A store with an old nightly, a new nightly, a stable release, and an index."""
    store = DirectoryStore(tmp_path / "store")
    for tag, date in ((OLD, "2026-01-01"), (NEW, "2026-11-24"), (STABLE, "2026-01-01")):
        store.draft(tag, commit="a" * 40, title="", notes="")
        wheel = f"iree_runtime-{tag.split('-')[-1].removeprefix('v')}-py3-none-any.whl"
        store.put(tag, Upload.of_bytes(wheel, tag.encode()))
        store.create_tag(tag, "a" * 40)
        store.publish(tag, prerelease=tag != STABLE, latest=False)
        set_date(store, tag, f"{date}T00:00:00+00:00")
    site.write(store, store.root / "site", PRODUCT, now=NOW)
    return store


def set_date(store: DirectoryStore, tag: str, date: str) -> None:
    path = store.root / "releases" / tag / "release.json"
    record = document.read(path, "release", dict)
    path.write_bytes(document.dumps({**record, "created": date, "published": date}))


def purge(store: DirectoryStore, *arguments: str) -> Result:
    options = ["--store", store.address, "--date", "2026-11-25", "--keep-last", "1"]
    return CliRunner().invoke(app, [*options, *arguments])


def test_without_yes_it_lists_what_would_be_removed_and_changes_nothing(
    store: DirectoryStore,
) -> None:
    before = state(store.root)
    result = purge(store)
    assert result.exit_code == 0
    assert f"remove  {OLD}   328    0  old: 328 days" in result.output
    assert "1 to remove (0 MiB); kept: 1 young, 1 stable." in result.output
    assert "Nothing was removed; pass --yes to remove it." in result.output
    assert state(store.root) == before


def test_with_yes_it_removes_release_tag_and_links_and_nothing_else(store: DirectoryStore) -> None:
    result = purge(store, "--yes")
    assert result.exit_code == 0, result.output
    assert f"removed {OLD}" in result.output
    assert {release.tag for release in store.releases()} == {NEW, STABLE}
    assert set(store.tags()) == {NEW, STABLE}
    page = (store.root / "site" / "pip-release-links.html").read_text()
    assert "20260101.1" not in page
    assert "20261124.1" in page


def test_index_only_writes_the_index_and_removes_nothing(
    store: DirectoryStore, tmp_path: Path
) -> None:
    before = state(store.root)
    result = purge(store, "--index-only", "--site", str(tmp_path / "site"))
    assert result.exit_code == 0, result.output
    assert "nothing was removed" in result.output
    page = (tmp_path / "site" / "pip-release-links.html").read_text()
    assert "20260101.1" not in page
    assert "20261124.1" in page
    assert state(store.root) == before


def test_index_only_and_yes_exclude_each_other(store: DirectoryStore) -> None:
    result = purge(store, "--index-only", "--yes")
    assert result.exit_code == 2
    assert "--index-only and --yes exclude each other; pass only one" in result.output


def test_a_second_run_changes_nothing(store: DirectoryStore) -> None:
    purge(store, "--yes")
    before = state(store.root)
    result = purge(store, "--yes")
    assert (result.exit_code, state(store.root)) == (0, before)
    assert "0 to remove" in result.output


def test_all_also_lists_what_is_kept(store: DirectoryStore) -> None:
    assert f"keep    {STABLE}" in purge(store, "--all").output


def test_a_pinned_release_is_kept(store: DirectoryStore) -> None:
    assert "0 to remove" in purge(store, "--yes", "--pin", OLD).output
    store.describe(OLD, title="", notes="Pinned: measured with it")
    assert "0 to remove" in purge(store, "--yes").output


def pin(store: DirectoryStore) -> None:
    store.describe(OLD, title="", notes="Pinned: just now")


def promote(store: DirectoryStore) -> None:
    manifest = {"schema": 1, "version": "3.15.0", "promoted_from": OLD}
    manifest |= {"artifacts": [], "cells": [], "dists": []}
    store.draft("v3.15.0", commit="a" * 40, title="", notes="")
    store.put("v3.15.0", Upload.of_bytes("manifest.json", document.dumps(manifest)))
    store.publish("v3.15.0", prerelease=False, latest=True)


@pytest.mark.parametrize(
    ("change", "reason"),
    [(pin, "just now"), (promote, "a stable release was promoted from it")],
)
def test_a_release_that_changes_meanwhile_is_kept_and_returns_to_the_index(
    store: DirectoryStore,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[DirectoryStore], None],
    reason: str,
) -> None:
    """Catches: removing a release by a decision that is out of date."""
    rewrite = purging.rewrite_index
    written = []

    def then_change(run: PurgeRun, site: Path | None, *, without: frozenset[str]) -> None:
        rewrite(run, site, without=without)
        written.append(without)
        if len(written) == 1:
            change(store)

    monkeypatch.setattr(purging, "rewrite_index", then_change)
    result = purge(store, "--yes")
    assert result.exit_code == 0, result.output
    assert f"kept {OLD}, which has changed: {reason}" in result.output
    assert store.release(OLD) is not None
    assert OLD in store.tags()
    assert written == [{OLD}, frozenset()]
    assert "20260101.1" in (store.root / "site" / "pip-release-links.html").read_text()


def test_manifests_are_read_only_if_something_would_be_removed(
    store: DirectoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches: a needless download for each release of a store in every run."""
    read: list[str] = []
    monkeypatch.setattr(catalogue, "manifest_of", lambda _, tag: read.append(tag))
    for tag in (OLD, NEW):
        store.put(tag, Upload.of_bytes("manifest.json", b"{}"))
    assert purge(store, "--after-days", "400").exit_code == 0
    assert read == []
    assert purge(store, "--yes").exit_code == 0
    assert read.count(OLD) == 1


def test_a_draft_that_is_being_published_is_kept(store: DirectoryStore) -> None:
    store.draft("candidate-20260103.1", commit="a" * 40, title="", notes="")
    set_date(store, "candidate-20260103.1", "2026-01-03T00:00:00+00:00")
    with store.lease("candidate-20260103.1"):
        result = purge(store, "--yes")
    assert "is working on candidate-20260103.1" in result.output
    assert store.release("candidate-20260103.1") is not None


def test_if_a_removal_fails_the_others_are_done_and_it_exits_with_75(
    store: DirectoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.create_tag("candidate-20260102.1", "a" * 40)
    remove = DirectoryStore.remove

    def fail(self: DirectoryStore, tag: str) -> None:
        if tag == OLD:
            raise RemoteError("the disk is offline")
        remove(self, tag)

    with monkeypatch.context() as patched:
        patched.setattr(DirectoryStore, "remove", fail)
        result = purge(store, "--yes")
    assert result.exit_code == 75
    assert "error: the disk is offline" in result.output
    assert f"1 of 2 could not be removed, such as {OLD}; run this again" in result.output
    assert set(store.tags()) == {OLD, NEW, STABLE}
    assert purge(store, "--yes").exit_code == 0
    assert set(store.tags()) == {NEW, STABLE}


def test_a_store_of_another_product_is_not_purged(store: DirectoryStore) -> None:
    """Catches: the policy of one product applied to the releases of another."""
    manifest = Manifest("20261124.1", {}, product="other")
    store.put(NEW, Upload.of_bytes("manifest.json", document.dumps(manifest.to_json())))
    result = purge(store, "--yes")
    assert result.exit_code == 1
    assert f"{NEW} is a release of other, not of sample" in result.stderr
    assert set(store.tags()) == {OLD, NEW, STABLE}


def test_json_lists_all_decisions(store: DirectoryStore) -> None:
    decisions = json.loads(purge(store, "--json").stdout)["decisions"]
    assert [one for one in decisions if one["goes"]] == [
        {
            "tag": OLD,
            "goes": True,
            "reason": "old",
            "detail": "328 days",
            "days": 328,
            "size": len(OLD),
            "outcome": None,
        }
    ]


def test_with_yes_the_json_has_the_outcomes(store: DirectoryStore) -> None:
    decisions = json.loads(purge(store, "--yes", "--json").stdout)["decisions"]
    assert {one["tag"]: one["outcome"] for one in decisions} == {
        OLD: "removed",
        NEW: None,
        STABLE: None,
    }


def test_a_dry_run_changes_nothing_even_with_yes(store: DirectoryStore) -> None:
    before = state(store.root)
    result = purge(store, "--yes", "--dry-run")
    assert (result.exit_code, state(store.root)) == (0, before)
    assert result.output.endswith("\nNothing was removed.\n")


def test_a_manifest_that_cannot_be_read_keeps_its_release(store: DirectoryStore) -> None:
    store.put(OLD, Upload.of_bytes("manifest.json", b"{"))
    result = purge(store, "--yes")
    assert result.exit_code == 0
    assert "manifest.json of candidate-20260101.1: not a manifest" in result.output
    assert "no old release is removed until you fix or delete it" in result.output
    assert store.release(OLD) is not None
