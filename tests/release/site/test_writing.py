"""How the site is written: only what is new is read, all of it is swapped at once, nothing lost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from typer.testing import CliRunner

from release.cli.index import app
from release.hosting.directory_store import DirectoryStore
from release.hosting.store import Asset, Busy, StoredRelease
from release.model.errors import Refused, UsageError
from release.site import front, site
from tests.release.faults.tree import state
from tests.release.site.samples import NOW, publish, store_of

VERSIONS = ("20261124.1", "20261125.1")


class Counting(DirectoryStore):
    """A store that counts what is read of it, and may list less than it has."""

    reads = 0
    hidden: frozenset[str] = frozenset()

    def read(self, tag: str, name: str) -> Iterator[bytes]:
        self.reads += 1
        return super().read(tag, name)

    def inventory(self) -> Iterator[tuple[StoredRelease, Mapping[str, Asset]]]:
        for release, assets in super().inventory():
            if release.tag not in self.hidden:
                yield release, assets


@pytest.fixture
def store(tmp_path: Path) -> Counting:
    return Counting(store_of(tmp_path, *VERSIONS).root)


def test_a_second_run_reads_nothing_and_gives_the_same(store: Counting) -> None:
    directory = store.root / "site"
    assert site.write(store, directory, now=NOW).read == 2
    before = state(directory.resolve())
    store.reads = 0
    assert site.write(store, directory, now=NOW).read == 0
    assert store.reads == 0
    assert state(directory.resolve()) == before


def test_of_a_new_release_that_one_is_read(store: Counting, tmp_path: Path) -> None:
    directory = store.root / "site"
    site.write(store, directory, now=NOW)
    publish(store, tmp_path, "20261126.1")
    store.reads = 0
    assert site.write(store, directory, now=NOW).read == 1
    assert store.reads == 1
    fresh = tmp_path / "fresh" / "site"
    site.write(store, fresh, now=NOW)
    incremental = (directory / "simple/iree-runtime/index.json").read_bytes()
    assert "20261126.1" in incremental.decode()
    relative = (fresh / "simple/iree-runtime/index.json").read_text()
    assert relative.replace("../../../../store/", "../../../") == incremental.decode()


def test_a_mark_in_the_notes_is_seen(store: Counting) -> None:
    """Catches: a yanked release that installers still choose, since its manifest is the same."""
    directory = store.root / "site"
    site.write(store, directory, now=NOW)
    store.describe("candidate-20261125.1", title="", notes="Yanked: wrong")
    assert site.write(store, directory, now=NOW).read == 1
    assert 'data-yanked="wrong"' in (directory / "pip-release-links.html").read_text()


def test_the_site_is_swapped_as_a_whole_and_the_last_one_stays_for_its_readers(
    store: Counting,
) -> None:
    directory = store.root / "site"
    site.write(store, directory, now=NOW)
    first = directory.readlink()
    site.write(store, directory, now=NOW)
    assert directory.readlink() != first
    assert (directory.parent / first / "index.html").exists()
    site.write(store, directory, now=NOW)
    assert not (directory.parent / first).exists()


def test_a_failure_leaves_the_site_as_it_was(
    store: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = store.root / "site"
    site.write(store, directory, now=NOW)
    before = state(store.root)

    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(front, "write", fail)
    with pytest.raises(OSError, match="No space left"):
        site.write(store, directory, now=NOW)
    assert state(store.root) == before


def test_files_that_the_store_still_has_are_not_lost(store: Counting) -> None:
    """Catches: an index that forgets half a year, because a listing ended early."""
    directory = store.root / "site"
    site.write(store, directory, now=NOW)
    served = directory.readlink()
    store.hidden = frozenset({"candidate-20261124.1"})
    with pytest.raises(Refused, match="the new index lacks 5 files that the store still has, such"):
        site.write(store, directory, now=NOW)
    assert directory.readlink() == served


def test_what_is_really_gone_goes(store: Counting) -> None:
    directory = store.root / "site"
    site.write(store, directory, now=NOW)
    store.discard("candidate-20261124.1", "iree_tools_tf-20261124.1-py3-none-any.whl")
    store.remove("candidate-20261125.1")
    written = site.write(store, directory, now=NOW)
    assert (written.releases, written.files) == (1, 4)


def test_what_is_about_to_be_purged_is_left_out(store: Counting) -> None:
    directory = store.root / "site"
    site.write(store, directory, now=NOW)
    written = site.write(store, directory, now=NOW, without=frozenset({"candidate-20261124.1"}))
    assert written.releases == 1


@pytest.mark.parametrize("other", ["directory", "link"])
def test_what_somebody_else_put_there_is_left_alone(
    store: Counting, tmp_path: Path, other: str
) -> None:
    directory = tmp_path / "public"
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "page.html").write_text("mine")
    if other == "directory":
        (tmp_path / "mine").rename(directory)
    else:
        directory.symlink_to("mine")
    with pytest.raises(UsageError, match="with --site"):
        site.write(store, directory, now=NOW)
    assert (directory / "page.html").read_text() == "mine"


def test_two_do_not_write_it_at_once(store: Counting, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = store.root / "site"

    def again(*_: object, **__: object) -> None:
        monkeypatch.undo()
        with pytest.raises(Busy, match="somebody else writes it just now"):
            site.write(store, directory, now=NOW)

    monkeypatch.setattr(front, "write", again)
    site.write(store, directory, now=NOW)


def test_the_verb_says_what_it_wrote(store: Counting) -> None:
    result = CliRunner().invoke(app, ["--store", store.address, "--date", "2026-11-25"])
    assert result.exit_code == 0, result.output
    assert result.stdout == (
        f"Written: {store.root}/site/index.html, of 2 releases with 10 files (2 were new)\n"
    )


def test_a_dry_run_writes_nothing(store: Counting) -> None:
    result = CliRunner().invoke(app, ["--store", store.address, "--dry-run"])
    assert f"would write the site of 2 releases of {store.address}" in result.output
    assert not (store.root / "site").exists()


def test_a_github_store_needs_a_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "x")
    result = CliRunner().invoke(app, ["--store", "github:a/b"])
    assert result.exit_code == 2
    assert "name the directory for the site of github:a/b with --site DIR" in result.output
