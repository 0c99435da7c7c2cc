"""Whose store it is: the product of the newest release, by its name or by its packages."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from release.hosting import catalogue
from release.hosting.catalogue import EVIDENCE, MANIFEST, MOST_SEARCHED
from release.hosting.directory_store import DirectoryStore
from release.hosting.store import Absent, Upload
from release.model.document import dumps
from release.model.errors import Refused
from release.model.evidence import CommitEvidence
from release.model.manifest import Artifact, Manifest
from release.model.product import Package, Product
from tests.release.products import make_product

OLD, NEW = "candidate-20261121.1", "candidate-20261122.1"


def product(name: str) -> Product:
    """A product with the packages NAME-core and NAME-tools."""
    packages = (Package(f"{name}-core", roots=()), Package(f"{name}-tools", roots=()))
    return make_product(*packages, name=name)


ABACUS, SAMPLE = product("abacus"), product("sample")


class RecordingStore(DirectoryStore):
    """A store that records which releases are read."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.read_tags: list[str] = []

    def read(self, tag: str, name: str) -> Iterator[bytes]:
        self.read_tags.append(tag)
        return super().read(tag, name)


@pytest.fixture
def store(tmp_path: Path) -> RecordingStore:
    return RecordingStore(tmp_path / "store")


def manifest(product: str | None, *packages: str) -> Mapping[str, Any]:
    """A manifest with a wheel of each package, and a dist; without a name if no product is given,
    like that of an older version of the tools."""
    wheels = {
        f"{package}.whl": Artifact(f"{package}.whl", "wheel", "any", "0" * 64, 1, (), package)
        for package in packages
    }
    dist = Artifact("sample.tar.gz", "dist", "linux_x86_64", "0" * 64, 1, ())
    artifacts = {**wheels, dist.filename: dist}
    written = Manifest("20261122.1", artifacts, product=product).to_json()
    return {key: value for key, value in written.items() if key != "product" or product}


def evidence(product: str | None) -> Mapping[str, Any]:
    """The evidence of a candidate; that of an older version if no product is given."""
    found = CommitEvidence(NEW, "main", "c" * 40, "", "", "", "", (), (), (), product=product)
    return {key: value for key, value in found.to_json().items() if key != "product" or product}


def add(store: DirectoryStore, tag: str, day: int, **files: Mapping[str, Any]) -> None:
    """Creates a draft of some day with JSON files."""
    store.draft(tag, commit="c" * 40, title="", notes="")
    for name, content in files.items():
        store.put(tag, Upload.of_bytes(f"{name}.json", dumps(content)))
    path = store.root / "releases" / tag / "release.json"
    record = json.loads(path.read_bytes())
    path.write_bytes(dumps({**record, "created": f"2026-11-{day:02}T00:00:00+00:00"}))


def refused(store: DirectoryStore, product: Product) -> str:
    with pytest.raises(Refused) as error:
        catalogue.check_product(store, product)
    return str(error.value)


def test_an_empty_store_is_accepted(store: RecordingStore) -> None:
    catalogue.check_product(store, ABACUS)


def test_a_store_of_another_product_is_refused_with_both_names(store: RecordingStore) -> None:
    """Catches: two products in one store, whose releases purge and replace each other."""
    add(store, NEW, 22, manifest=manifest("sample"))
    catalogue.check_product(store, SAMPLE)
    assert refused(store, ABACUS) == (
        f"{store.address}: {NEW} is a release of sample, not of abacus; name another store, or "
        "pass --product sample"
    )


def test_a_draft_without_a_manifest_names_its_product_in_its_evidence(
    store: RecordingStore,
) -> None:
    """Catches: a nightly of another product between its tag and its first upload."""
    add(store, NEW, 22, evidence=evidence("sample"))
    catalogue.check_product(store, SAMPLE)
    assert f"{NEW} is a release of sample" in refused(store, ABACUS)


def test_only_the_newest_release_that_names_a_product_is_read(store: RecordingStore) -> None:
    """Catches: commands that read all manifests of a store before they begin."""
    add(store, OLD, 21, manifest=manifest("other"))
    add(store, NEW, 22, manifest=manifest("sample"))
    catalogue.check_product(store, SAMPLE)
    assert set(store.read_tags) == {NEW}


def test_a_release_that_names_no_product_belongs_to_that_of_its_packages(
    store: RecordingStore,
) -> None:
    """Catches: a store with releases of an older version, which any product may write to."""
    add(store, NEW, 22, manifest=manifest(None, "sample-core", "helper"), evidence=evidence(None))
    catalogue.check_product(store, SAMPLE)
    assert refused(store, ABACUS) == (
        f"{store.address}: {NEW} is a release of other packages (helper, sample-core), not of "
        "abacus; name another store, or another product with --product"
    )


def test_the_name_in_the_evidence_counts_more_than_the_packages(store: RecordingStore) -> None:
    """Catches: a release of another product that has a package of the same name."""
    add(store, NEW, 22, manifest=manifest(None, "abacus-core"), evidence=evidence("sample"))
    catalogue.check_product(store, SAMPLE)
    assert f"{NEW} is a release of sample" in refused(store, ABACUS)


def test_a_named_product_counts_more_than_its_packages(store: RecordingStore) -> None:
    """Catches: a product without any package of its newest release, as after renaming all."""
    add(store, NEW, 22, manifest=manifest("sample", "abacus-core"))
    catalogue.check_product(store, SAMPLE)
    assert f"{NEW} is a release of sample" in refused(store, ABACUS)


def test_a_newer_release_of_the_product_allows_older_ones_of_other_packages(
    store: RecordingStore,
) -> None:
    """Catches: a store that no command opens any more after a product renamed its packages."""
    add(store, OLD, 21, manifest=manifest(None, "formerly"))
    add(store, NEW, 22, manifest=manifest(None, "sample-tools"))
    catalogue.check_product(store, SAMPLE)


def test_drafts_that_have_neither_a_manifest_nor_a_name_are_accepted(
    store: RecordingStore,
) -> None:
    add(store, OLD, 21, evidence=evidence(None))
    add(store, NEW, 22)
    catalogue.check_product(store, SAMPLE)


def test_a_newer_release_that_names_no_product_hides_none(store: RecordingStore) -> None:
    """Catches: an interrupted draft that makes a store look like nobody's."""
    add(store, OLD, 21, manifest=manifest("sample"))
    add(store, NEW, 22)
    assert f"{OLD} is a release of sample" in refused(store, ABACUS)


def test_a_damaged_manifest_is_skipped(store: RecordingStore) -> None:
    """Catches: a store that `doctor` refuses to examine because a file is damaged."""
    add(store, OLD, 21, manifest=manifest("sample"))
    add(store, NEW, 22, manifest={}, evidence=evidence(None))
    catalogue.check_product(store, SAMPLE)
    assert f"{OLD} is a release of sample" in refused(store, ABACUS)


def test_a_file_that_another_run_removes_meanwhile_is_skipped(
    store: RecordingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(store, NEW, 22, manifest=manifest("sample"))

    def read(tag: str, name: str) -> Iterator[bytes]:
        raise Absent(f"{tag} has no {name}")

    monkeypatch.setattr(store, "read", read)
    catalogue.check_product(store, ABACUS)


def test_the_search_among_older_releases_ends(store: RecordingStore) -> None:
    """Catches: hundreds of requests for a store whose releases all have only dists."""
    for number in range(MOST_SEARCHED + 1):
        add(store, f"candidate-20261101.{number}", 28 - number, manifest=manifest(None))
    catalogue.check_product(store, SAMPLE)
    assert len(set(store.read_tags)) == MOST_SEARCHED


def test_the_names_of_the_files_are_those_of_a_release() -> None:
    assert (MANIFEST, EVIDENCE) == ("manifest.json", "evidence.json")
