"""The notes of a release."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release.hosting.directory_store import DirectoryStore
from release.hosting.source import Commit
from release.hosting.store import StoredRelease
from release.model import marks, release_dir
from release.model.state import RunState
from release.publish import judgement, notes, published_manifest
from release.publish.publication import Publication
from release.publish.published_manifest import BuildRecord
from tests.release.publish.samples import VERSION, WINDOWS, make_release, verdicts_of

PREBUILT = "prebuilt by upstream from revision 89ece87b8985"
TAG = f"candidate-{VERSION}"


def rendered(tmp_path: Path, *commits: Commit, run: RunState = RunState.PASSED) -> str:
    place = make_release(tmp_path / "r", missing=[WINDOWS])
    release = release_dir.read(place)
    verdicts = verdicts_of(place)
    cells = tuple(
        one.changed(run=run) if one.run is RunState.PASSED else one for one in verdicts.cells
    )
    made = Publication(
        release=release,
        judgement=judgement.of(replace(verdicts, cells=cells), release),
        build=BuildRecord("c" * 40, unbuilt={WINDOWS: "no *payload* for @all"}),
        tag=TAG,
    )
    published = published_manifest.make(release, made.judgement, made.build, TAG)
    now = datetime(2026, 11, 21, tzinfo=UTC)
    before = StoredRelease("candidate-20261121.1", "", "", False, True, now, now)
    made = replace(made, previous=(before, published.manifest), commits=commits)
    return notes.render(DirectoryStore(Path("store")), made, published.manifest).text


def commit(subject: str) -> Commit:
    return Commit("abcdef1234567890" * 2 + "abcdef12", subject, "Ada", datetime.now(UTC))


def test_the_notes_list_contents_origins_and_commits(tmp_path: Path) -> None:
    text = rendered(tmp_path, commit("Compile faster"))
    store = Path("store").absolute()
    for line in (
        f"    pip install --find-links {store}/releases/{TAG} iree-runtime=={VERSION}",
        "| | linux_x86_64 | windows_x86_64 |",
        "| iree-runtime | ✔ 3.14 3.15 | - 3.14 3.15 |",
        "| iree-tools-tf | ✔ 3.14 3.15 | ○ 3.14 3.15 |",
        "| dist | ✔ | - |",
        f"- {WINDOWS} (iree-runtime, dist), since 2026-11-22: no \\*payload\\* for @<!-- -->all",
        f"- iree-base-runtime 3.13.0, {PREBUILT}: **not built from this commit**",
        f"Packaged from commit {'c' * 40}.",
        "## Commits since candidate-20261121.1",
        "- abcdef123456 Compile faster (Ada)",
    ):
        assert line in text.splitlines(), text


def test_files_that_were_only_installed_have_a_mark_of_their_own(tmp_path: Path) -> None:
    """Catches: notes that claim that files were run although nothing tested them."""
    lines = rendered(tmp_path, run=RunState.INSTALLED).splitlines()
    assert "| iree-runtime | ◐ 3.14 3.15 | - 3.14 3.15 |" in lines
    assert "✔ installed and run, ◐ installed only, ○ built but not run, - missing" in lines


def test_without_headline_packages_the_install_line_has_all(tmp_path: Path) -> None:
    release = release_dir.read(make_release(tmp_path / "r"))
    assert release.manifest
    product = replace(release.plan.product, headline=())
    line = notes.install_line(DirectoryStore(tmp_path / "store"), TAG, release.manifest, product)
    assert line.split()[4:] == [f"iree-runtime=={VERSION}", f"iree-tools-tf=={VERSION}"]


def test_many_commits_are_counted(tmp_path: Path) -> None:
    text = rendered(tmp_path, *[commit(f"change {number}") for number in range(60)])
    assert text.count("- abcdef123456 ") == 50
    assert "- and 10 more" in text


@pytest.mark.parametrize(
    "subject",
    [
        "Thanks to @everyone",
        "<img src=x onerror=alert(1)>",
        "[click](http://example.com)",
        "Pinned: for ever",
        "`code` and *stars* | pipes",
    ],
)
def test_the_subject_of_a_commit_is_shown_as_text(tmp_path: Path, subject: str) -> None:
    """Catches: a commit that pins its own release, mentions users, or adds links."""
    text = rendered(tmp_path, commit(subject))
    assert marks.read(text) == marks.Marks()
    (line,) = [line for line in text.splitlines() if line.startswith("- abcdef123456")]
    assert "@everyone" not in line
    assert not re.search(r"(?<!\\)[][`*|<](?!!--)", line.removeprefix("- "))


@given(st.text())
def test_any_text_stays_on_its_line(text: str) -> None:
    shown = notes.escaped(text)
    assert "\n" not in shown
    assert "\r" not in shown


@pytest.mark.parametrize("version", ["20261122.1", "3.14.0rc20261122", "3.14.0", "0.dev0"])
def test_the_install_line_pins_every_package(tmp_path: Path, version: str) -> None:
    """Catches: a package that is installed in a higher version from the public registry."""
    names = ("iree-compiler", "iree-runtime")
    place = make_release(tmp_path / "r", version, native=names)
    release = release_dir.read(place)
    judged = judgement.of(verdicts_of(place), release)
    published = published_manifest.make(release, judged, BuildRecord("c" * 40), TAG)
    store = DirectoryStore(tmp_path / "store")
    line = notes.install_line(store, TAG, published.manifest, release.plan.product)
    assert line.split()[4:] == [f"{name}=={version}" for name in names]
