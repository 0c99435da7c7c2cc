"""`bazel run //release:doctor`: what it finds beside what the document's entries are about."""

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
    """A store with a night's release."""
    result = CliRunner().invoke(nightly.app, [])
    assert result.exit_code == 0, result.output
    return DirectoryStore(checkout / "store")


def found(store: DirectoryStore, *arguments: str) -> dict[str, tuple[str, str]]:
    """What it finds: severity and sentence, by subject."""
    result = CliRunner().invoke(doctor.app, ["--store", store.address, "--json", *arguments])
    told: list[dict[str, Any]] = json.loads(result.stdout)["findings"]
    assert result.exit_code == any(one["severity"] == "wrong" for one in told)
    return {one["subject"]: (one["severity"], one["what"]) for one in told}


def tag_of(store: DirectoryStore) -> str:
    (release,) = store.releases()
    return release.tag


def test_it_touches_nothing(store: DirectoryStore) -> None:
    before = state(store.root)
    found(store)
    assert state(store.root) == before


def test_it_prints_each_finding_with_its_mend(store: DirectoryStore) -> None:
    tag = f"candidate-{datetime.now(UTC):%Y%m%d}.5"
    store.create_tag(tag, "a" * 40)
    result = CliRunner().invoke(doctor.app, ["--store", store.address])
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        f"wrong: {tag}: it is a tag, and has no release",
        f"    mend: ./bazelw run //release:nightly -- --store {store.address} --commit {'a' * 40}",
        f"Looked at 1 releases of {store.address}, the index at {store.root}/site: 1 wrong.",
    ]
    assert "not looked at: a registry; name it with --index URL" in result.stderr


def test_a_manifest_that_is_none(store: DirectoryStore) -> None:
    tag = tag_of(store)
    path = store.root / "releases" / tag / "manifest.json"
    path.unlink()
    path.write_text("{}")
    severity, what = found(store)[tag]
    assert severity == "wrong"
    assert "manifest.json" in what


def test_a_file_that_nobody_states(store: DirectoryStore) -> None:
    tag = tag_of(store)
    store.put(tag, Upload.of_bytes("notes.txt", b"mine"))
    told = CliRunner().invoke(doctor.app, ["--store", store.address]).stdout
    assert f"wrong: {tag}: notes.txt is there, and nothing states it" in told


def test_a_draft_that_somebody_may_be_at_work_on_is_not_told(store: DirectoryStore) -> None:
    now = datetime.now(UTC)
    tag = f"candidate-{now:%Y%m%d}.9"
    store.draft(tag, commit="a" * 40, title="", notes="")
    assert tag not in found(store)
    in_two_days = f"{now + timedelta(days=2):%Y-%m-%d}"
    assert found(store, "--date", in_two_days)[tag][1].startswith("it is a draft since ")


def test_nights_that_have_stopped(store: DirectoryStore) -> None:
    in_four_days = f"{datetime.now(UTC) + timedelta(days=4):%Y-%m-%d}"
    severity, what = found(store, "--date", in_four_days)["nightly"]
    assert (severity, what[:26]) == ("wrong", "the last one was published")


def test_a_release_that_is_nearly_full(store: DirectoryStore) -> None:
    store.limits = StoreLimits(assets=12)
    view = releases.read(store, settings.read(), datetime.now(UTC))
    (one,) = releases.examine(view)
    assert (one.severity, one.what) == ("note", "it has 12 files, and 12 are taken at most")


def test_what_the_index_shows_and_the_store_has_not(store: DirectoryStore) -> None:
    tag = tag_of(store)
    store.remove(tag)
    store.remove_tag(tag)
    assert found(store)[tag][1] == "the index shows it, and it is not published any more"


def test_settings_of_before_it_was_there_still_do(tmp_path: Path) -> None:
    text = settings.DEFAULT.read_text()
    older = tmp_path / "settings.toml"
    older.write_text(text[: text.index("[doctor]")])
    assert settings.read(older).doctor == DoctorSettings()
    assert settings.read().doctor == DoctorSettings()
