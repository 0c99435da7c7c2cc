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
from release.hosting.directory_store import DirectoryStore
from release.hosting.store import StoreLimits, Upload
from release.model import settings
from release.model.settings import DoctorSettings
from tests.release.faults.tree import state


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
    view = releases.read(store, settings.read(), datetime.now(UTC))
    (one,) = releases.examine(view)
    assert (one.severity, one.message) == ("note", "has 12 files, of at most 12")


def test_a_release_that_is_only_in_the_index_is_found(store: DirectoryStore) -> None:
    tag = tag_of(store)
    store.remove(tag)
    store.remove_tag(tag)
    assert found(store)[tag][1] == "is in the index, but is no longer published"


def test_settings_without_its_section_are_valid(tmp_path: Path) -> None:
    text = settings.DEFAULT.read_text()
    older = tmp_path / "settings.toml"
    older.write_text(text[: text.index("[doctor]")])
    assert settings.read(older).doctor == DoctorSettings()
    assert settings.read().doctor == DoctorSettings()
