"""`bazel run //release:doctor`: findings that docs/guides/operations.md has no entry for."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from release.cli import doctor, nightly
from release.doctor import releases
from release.doctor.releases import DoctorRequest
from release.hosting.directory_store import DirectoryStore
from release.hosting.store import StoreLimits, Upload
from release.model import products
from release.site import site
from tests.release.faults.tree import state
from tests.release.products import SETTINGS, declare, make_product
from tests.release.publish.samples import sample_product


@pytest.fixture
def store(checkout: Path) -> DirectoryStore:
    """A store with one nightly."""
    result = CliRunner().invoke(nightly.app, [])
    assert result.exit_code == 0, result.output
    return DirectoryStore(checkout / "store")


def found(store: DirectoryStore, *arguments: str) -> dict[str, tuple[str, str]]:
    """Severity and message of each finding, by subject."""
    result = CliRunner().invoke(doctor.app, ["--store", store.address, "--json", *arguments])
    findings: list[dict[str, Any]] = json.loads(result.stdout)["findings"]
    assert result.exit_code == any(one["severity"] == "error" for one in findings)
    return {one["subject"]: (one["severity"], one["message"]) for one in findings}


def tag_of(store: DirectoryStore) -> str:
    (release,) = store.releases()
    return release.tag


def test_it_changes_nothing(store: DirectoryStore) -> None:
    before = state(store.root)
    found(store)
    assert state(store.root) == before


def test_it_prints_each_finding_with_a_fix(store: DirectoryStore) -> None:
    tag = f"candidate-{datetime.now(UTC):%Y%m%d}.5"
    store.create_tag(tag, "a" * 40)
    result = CliRunner().invoke(doctor.app, ["--store", store.address])
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        f"error: {tag}: is a tag without a release",
        f"    fix: ./bazelw run //release:nightly -- --store {store.address} --commit {'a' * 40}",
        f"Checked 1 release of {store.address}, the index at {store.root}/site: 1 error.",
    ]
    assert "No registry was checked; pass --index URL." in result.stderr


def test_an_invalid_manifest_is_found(store: DirectoryStore) -> None:
    tag = tag_of(store)
    path = store.root / "releases" / tag / "manifest.json"
    path.unlink()
    path.write_text("{}")
    severity, what = found(store)[tag]
    assert severity == "error"
    assert "manifest.json" in what


def test_a_file_that_is_not_in_the_manifest_is_found(store: DirectoryStore) -> None:
    tag = tag_of(store)
    store.put(tag, Upload.of_bytes("notes.txt", b"mine"))
    output = CliRunner().invoke(doctor.app, ["--store", store.address]).stdout
    assert f"error: {tag}: its manifest does not list notes.txt" in output


def test_a_recent_draft_is_not_reported(store: DirectoryStore) -> None:
    now = datetime.now(UTC)
    tag = f"candidate-{now:%Y%m%d}.9"
    store.draft(tag, commit="a" * 40, title="", notes="")
    assert tag not in found(store)
    in_two_days = f"{now + timedelta(days=2):%Y-%m-%d}"
    assert found(store, "--date", in_two_days)[tag][1].startswith("has been a draft for ")


def test_nightlies_that_stopped_are_found(store: DirectoryStore) -> None:
    in_four_days = f"{datetime.now(UTC) + timedelta(days=4):%Y-%m-%d}"
    severity, message = found(store, "--date", in_four_days)["nightly"]
    assert (severity, message.startswith("was last published ")) == ("error", True)


def test_a_release_near_the_limit_of_assets_is_noted(store: DirectoryStore) -> None:
    store.limits = StoreLimits(assets=12)
    request = DoctorRequest(store, products.named(None), SETTINGS, datetime.now(UTC))
    view = releases.read(request)
    (one,) = releases.examine(view)
    assert (one.severity, one.message) == ("note", "has 12 files, of at most 12")


def test_a_release_that_is_only_in_the_index_is_found(store: DirectoryStore) -> None:
    tag = tag_of(store)
    store.remove(tag)
    store.remove_tag(tag)
    assert found(store)[tag][1] == "is in the index, but is no longer published"


def test_a_store_of_another_product_is_refused(
    store: DirectoryStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    abacus = make_product(name="abacus")
    monkeypatch.setenv("PRODUCTS", declare(tmp_path / "both", sample_product(), abacus))
    result = CliRunner().invoke(doctor.app, ["--store", store.address, "--product", "abacus"])
    assert result.exit_code == 1
    assert f"{tag_of(store)} is a release of sample, not of abacus" in result.stderr


def test_an_index_of_another_product_is_found(store: DirectoryStore, tmp_path: Path) -> None:
    """Catches: an index of one product that is deployed to the place of another's."""
    other = tmp_path / "other"
    site.write(store, other, make_product(name="abacus"), now=datetime.now(UTC))
    assert found(store, "--site", str(other)) == {
        "index": ("error", f"{other} is the index of abacus, not of sample")
    }


def test_fixes_name_the_product_that_was_chosen(store: DirectoryStore) -> None:
    """Catches: a suggested command that is about the default product."""
    store.create_tag(f"candidate-{datetime.now(UTC):%Y%m%d}.5", "a" * 40)
    arguments = ["--store", store.address, "--product", "sample"]
    result = CliRunner().invoke(doctor.app, arguments)
    assert f"--commit {'a' * 40} --product sample\n" in result.stdout
