"""How the index is written: incrementally, in one step, and without losing files."""

from __future__ import annotations

import json
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
from tests.release.products import declare, make_product
from tests.release.site.samples import NOW, PRODUCT, publish, store_of

VERSIONS = ("20261124.1", "20261125.1")


class Counting(DirectoryStore):
    """A store that counts reads, and may hide releases in its listing."""

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


def test_a_second_run_reads_nothing_and_changes_nothing(store: Counting) -> None:
    directory = store.root / "site"
    assert site.write(store, directory, PRODUCT, now=NOW).read == 2
    before = state(directory.resolve())
    store.reads = 0
    assert site.write(store, directory, PRODUCT, now=NOW).read == 0
    assert store.reads == 0
    assert state(directory.resolve()) == before


def test_only_a_new_release_is_read(store: Counting, tmp_path: Path) -> None:
    directory = store.root / "site"
    site.write(store, directory, PRODUCT, now=NOW)
    publish(store, tmp_path, "20261126.1")
    store.reads = 0
    assert site.write(store, directory, PRODUCT, now=NOW).read == 1
    assert store.reads == 1
    fresh = tmp_path / "fresh" / "site"
    site.write(store, fresh, PRODUCT, now=NOW)
    incremental = (directory / "simple/iree-runtime/index.json").read_bytes()
    assert "20261126.1" in incremental.decode()
    relative = (fresh / "simple/iree-runtime/index.json").read_text()
    assert relative.replace("../../../../store/", "../../../") == incremental.decode()


def test_a_change_of_the_notes_is_noticed(store: Counting) -> None:
    """Catches: a yanked release that installers still select, because its manifest is unchanged."""
    directory = store.root / "site"
    site.write(store, directory, PRODUCT, now=NOW)
    store.describe("candidate-20261125.1", title="", notes="Yanked: wrong")
    assert site.write(store, directory, PRODUCT, now=NOW).read == 1
    assert 'data-yanked="wrong"' in (directory / "pip-release-links.html").read_text()


def test_the_site_is_replaced_in_one_step_and_the_previous_generation_stays(
    store: Counting,
) -> None:
    directory = store.root / "site"
    site.write(store, directory, PRODUCT, now=NOW)
    first = directory.readlink()
    site.write(store, directory, PRODUCT, now=NOW)
    assert directory.readlink() != first
    assert (directory.parent / first / "index.html").exists()
    site.write(store, directory, PRODUCT, now=NOW)
    assert not (directory.parent / first).exists()


def test_a_failure_leaves_the_site_unchanged(
    store: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = store.root / "site"
    site.write(store, directory, PRODUCT, now=NOW)
    before = state(store.root)

    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(front, "write", fail)
    with pytest.raises(OSError, match="No space left"):
        site.write(store, directory, PRODUCT, now=NOW)
    assert state(store.root) == before


def test_files_that_the_store_still_has_are_not_lost(store: Counting) -> None:
    """Catches: an index without half of the releases after an incomplete listing."""
    directory = store.root / "site"
    site.write(store, directory, PRODUCT, now=NOW)
    served = directory.readlink()
    store.hidden = frozenset({"candidate-20261124.1"})
    with pytest.raises(
        Refused, match="the new index would lack 5 files that the store still has, such"
    ):
        site.write(store, directory, PRODUCT, now=NOW)
    assert directory.readlink() == served


def test_deleted_files_are_removed_from_the_index(store: Counting) -> None:
    directory = store.root / "site"
    site.write(store, directory, PRODUCT, now=NOW)
    store.discard("candidate-20261124.1", "iree_tools_tf-20261124.1-py3-none-any.whl")
    store.remove("candidate-20261125.1")
    written = site.write(store, directory, PRODUCT, now=NOW)
    assert (written.releases, written.files) == (1, 4)


def test_releases_that_are_about_to_be_purged_are_left_out(store: Counting) -> None:
    directory = store.root / "site"
    site.write(store, directory, PRODUCT, now=NOW)
    written = site.write(
        store, directory, PRODUCT, now=NOW, without=frozenset({"candidate-20261124.1"})
    )
    assert written.releases == 1


@pytest.mark.parametrize("other", ["directory", "link"])
def test_other_files_at_that_path_are_not_overwritten(
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
        site.write(store, directory, PRODUCT, now=NOW)
    assert (directory / "page.html").read_text() == "mine"


def test_the_site_of_another_product_is_refused_and_unchanged(store: Counting) -> None:
    """Catches: `index` with the directory of another product, whose users lose their releases."""
    directory = store.root / "site"
    site.write(store, directory, PRODUCT, now=NOW)
    before = state(directory.resolve())
    with pytest.raises(Refused) as refused:
        site.write(store, directory, make_product(name="abacus"), now=NOW)
    assert str(refused.value) == (
        f"{directory} is the index of sample, not of abacus; pass another directory with --site"
    )
    assert state(directory.resolve()) == before
    data = json.loads((directory / "site.json").read_bytes())
    assert data == {"schema": 1, "product": "sample", "title": "Sample"}


def test_a_site_that_names_no_product_is_from_before_and_is_taken_over(store: Counting) -> None:
    directory = store.root / "site"
    site.write(store, directory, PRODUCT, now=NOW)
    (directory / "site.json").unlink()
    site.write(store, directory, PRODUCT, now=NOW)
    assert (directory / "site.json").exists()


def test_the_command_refuses_a_store_of_another_product(
    store: Counting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    abacus = make_product(name="abacus")
    monkeypatch.setenv("PRODUCTS", declare(tmp_path / "both", PRODUCT, abacus))
    result = CliRunner().invoke(app, ["--store", store.address, "--product", "abacus"])
    assert result.exit_code == 1
    assert "candidate-20261125.1 is a release of sample, not of abacus" in result.stderr
    assert not (store.root / "site").exists()


def test_two_processes_cannot_write_it_at_once(
    store: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = store.root / "site"

    def again(*_: object, **__: object) -> None:
        monkeypatch.undo()
        with pytest.raises(Busy, match="another process is writing the index"):
            site.write(store, directory, PRODUCT, now=NOW)

    monkeypatch.setattr(front, "write", again)
    site.write(store, directory, PRODUCT, now=NOW)


def test_the_command_prints_what_it_wrote(store: Counting) -> None:
    result = CliRunner().invoke(app, ["--store", store.address, "--date", "2026-11-25"])
    assert result.exit_code == 0, result.output
    assert result.stdout == (
        f"Wrote {store.root}/site/index.html: 2 releases, 10 files "
        "(2 releases were new or changed)\n"
    )


def test_a_dry_run_writes_nothing(store: Counting) -> None:
    result = CliRunner().invoke(app, ["--store", store.address, "--dry-run"])
    assert f"would write the site of 2 releases of {store.address}" in result.output
    assert not (store.root / "site").exists()


def test_a_github_store_needs_a_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "s3cret")
    result = CliRunner().invoke(app, ["--store", "github:a/b"])
    assert result.exit_code == 2
    assert "pass the directory of the index of github:a/b with --site DIR" in result.output
