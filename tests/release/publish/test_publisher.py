"""Publishing: the order of uploads, reruns, and refusals."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from release.hosting import catalogue
from release.hosting.directory_store import DirectoryStore
from release.hosting.store import Conflict, PutResult, StoreLimits, Upload
from release.model import release_dir
from release.model.errors import Refused, RemoteError
from release.model.state import CellState
from release.publish import judgement, publisher
from release.publish.publication import Publication, Published
from release.publish.published_manifest import BuildRecord
from tests.release.products import SETTINGS
from tests.release.publish.samples import (
    LINUX,
    VERSION,
    WINDOWS,
    make_evidence,
    make_release,
    verdicts_of,
)

TAG = f"candidate-{VERSION}"
COMMIT = "c" * 40


class RecordingStore(DirectoryStore):
    """A store that records uploads, and fails where a test says so."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.calls: list[str] = []
        self.failures: dict[str, Exception] = {}

    def put(
        self, tag: str, content: Upload, *, progress: Callable[[int], None] = lambda _: None
    ) -> PutResult:
        if error := self.failures.get(content.name):
            raise error
        self.calls.append(content.name)
        return super().put(tag, content, progress=progress)

    def create_tag(self, tag: str, commit: str) -> None:
        self.calls.append("tag")
        super().create_tag(tag, commit)

    def publish(self, tag: str, *, prerelease: bool, latest: bool):  # type: ignore[no-untyped-def]
        self.calls.append("publish")
        return super().publish(tag, prerelease=prerelease, latest=latest)


@pytest.fixture
def store(tmp_path: Path) -> RecordingStore:
    return RecordingStore(tmp_path / "store")


def publication(place: Path, **changes: object) -> Publication:
    release = release_dir.read(place)
    made = Publication(
        release=release,
        judgement=judgement.of(verdicts_of(place), release),
        build=BuildRecord(COMMIT),
        tag=TAG,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def publish(store: DirectoryStore, made: Publication) -> Published:
    return publisher.publish(store, made, SETTINGS.publish, Console(file=io.StringIO()))


def test_the_manifest_is_uploaded_first_and_the_release_published_last(
    store: RecordingStore, tmp_path: Path
) -> None:
    """Catches: a release that is visible before it is complete."""
    publish(store, publication(make_release(tmp_path / "r")))
    assert store.calls[0] == "manifest.json"
    assert store.calls[-2:] == ["tag", "publish"]
    assert len(store.calls) == len(set(store.calls))


def test_all_built_files_are_published_with_their_metadata_and_sums(
    store: RecordingStore, tmp_path: Path
) -> None:
    place = make_release(tmp_path / "r")
    publish(store, publication(place))
    assets = store.assets(TAG)
    built = {path.name for path in release_dir.read(place).files}
    wheels = {name for name in built if name.endswith(".whl")}
    beside = {f"{name}.metadata" for name in wheels} | {"manifest.json", "plan.json", "SHA256SUMS"}
    assert set(assets) == built | beside
    sums = b"".join(store.read(TAG, "SHA256SUMS")).decode().splitlines()
    assert {line.split("  ")[1]: line.split("  ")[0] for line in sums} == {
        name: asset.sha256 for name, asset in assets.items() if name != "SHA256SUMS"
    }
    release = store.release(TAG)
    assert release is not None
    assert (release.draft, release.prerelease) == (False, True)
    assert store.tags() == {TAG: COMMIT}


def test_the_published_manifest_has_the_commit_and_the_metadata(
    store: RecordingStore, tmp_path: Path
) -> None:
    publish(store, publication(make_release(tmp_path / "r")))
    manifest = catalogue.manifest_of(store, TAG)
    assert manifest is not None
    assert manifest.commit == COMMIT
    tools = manifest.artifacts[f"iree_tools_tf-{VERSION}-py3-none-any.whl"]
    assert tools.requires_python == ">=3.11"
    assert tools.requires == (f"iree-runtime=={VERSION}",)
    metadata = b"".join(store.read(TAG, f"{tools.filename}.metadata"))
    assert hashlib.sha256(metadata).hexdigest() == tools.metadata_sha256
    assert {cell.status for cell in manifest.cells} == {CellState.BUILT}


def test_a_missing_tolerated_platform_is_reported_everywhere(
    store: RecordingStore, tmp_path: Path
) -> None:
    """Catches: a platform that is missing for months without notice."""
    place = make_release(tmp_path / "r", missing=[WINDOWS])
    unbuilt = {WINDOWS: "its payload cannot be fetched"}
    published = publish(store, publication(place, build=BuildRecord(COMMIT, unbuilt=unbuilt)))
    assert published.missing == {
        f"iree_runtime-{VERSION}-cp312-abi3-win_amd64.whl": "2026-11-22",
        f"iree-dist-{VERSION}-windows-x86_64.tar.xz": "2026-11-22",
    }
    release = store.release(TAG)
    assert release is not None
    line = f"- {WINDOWS} (iree-runtime, dist), since 2026-11-22: its payload cannot be fetched"
    assert line in release.notes
    manifest = json.loads(b"".join(store.read(TAG, "manifest.json")))
    (dist,) = [dist for dist in manifest["dists"] if dist["platform"] == WINDOWS]
    assert (dist["status"], dist["missing_since"]) == ("missing", "2026-11-22")
    assert dist["why"] == ["its payload cannot be fetched"]


def test_a_missing_required_cell_publishes_nothing(store: RecordingStore, tmp_path: Path) -> None:
    place = make_release(tmp_path / "r", missing=[LINUX])
    with pytest.raises(Refused, match=r"nothing was published: iree-runtime linux_x86_64 3\.14"):
        publish(store, publication(place))
    assert not store.root.exists()


def test_publishing_again_changes_nothing(store: RecordingStore, tmp_path: Path) -> None:
    place = make_release(tmp_path / "r")
    assert not publish(store, publication(place)).already
    store.calls.clear()
    assert publish(store, publication(place)).already
    assert store.calls == []


def test_different_files_under_a_published_version_are_refused(
    store: RecordingStore, tmp_path: Path
) -> None:
    publish(store, publication(make_release(tmp_path / "r")))
    other = publication(make_release(tmp_path / "o", salt="other"))
    with pytest.raises(Conflict, match=r"is already published with different files, such as"):
        publish(store, other)
    with pytest.raises(Conflict, match=r"with files of another commit, cccccccccccc"):
        again = publication(make_release(tmp_path / "a"), build=BuildRecord("d" * 40))
        publish(store, again)


def test_a_rerun_on_another_day_keeps_the_manifest_of_the_draft(
    store: RecordingStore, tmp_path: Path
) -> None:
    """Catches: a nightly that was killed at 23:59, and is refused at 00:01."""
    place = make_release(tmp_path / "r")
    store.failures["SHA256SUMS"] = RemoteError("gone")
    with pytest.raises(RemoteError):
        publish(store, publication(place))
    first = b"".join(store.read(TAG, "manifest.json"))
    store.failures.clear()
    release = release_dir.read(place)
    later = verdicts_of(place, day=verdicts_of(place).day.replace(day=23))
    publish(store, publication(place, judgement=judgement.of(later, release)))
    assert b"".join(store.read(TAG, "manifest.json")) == first


def test_a_draft_of_different_files_is_refused(store: RecordingStore, tmp_path: Path) -> None:
    store.failures["SHA256SUMS"] = RemoteError("gone")
    with pytest.raises(RemoteError):
        publish(store, publication(make_release(tmp_path / "r")))
    store.failures.clear()
    with pytest.raises(Conflict, match=f"the draft {TAG} already holds different files"):
        publish(store, publication(make_release(tmp_path / "o", salt="other")))


def test_unknown_assets_are_never_published(store: RecordingStore, tmp_path: Path) -> None:
    store.draft(TAG, commit=COMMIT, title="", notes="")
    store.put(TAG, Upload.of_bytes("malware.whl", b"?"))
    with pytest.raises(Refused, match=r"does not belong to the release, malware\.whl"):
        publish(store, publication(make_release(tmp_path / "r")))
    release = store.release(TAG)
    assert release is not None
    assert release.draft


def test_an_error_that_a_rerun_cannot_fix_is_reported_first(
    store: RecordingStore, tmp_path: Path
) -> None:
    store.failures[f"iree_tools_tf-{VERSION}-py3-none-any.whl"] = Conflict("it differs")
    store.failures["SHA256SUMS"] = RemoteError("gone")
    with pytest.raises((Conflict, RemoteError)):
        publish(store, publication(make_release(tmp_path / "r")))
    assert "publish" not in store.calls


@pytest.mark.parametrize("version", ["0.dev0", "3.14.0+abc.1"])
def test_only_local_stores_accept_development_versions(
    store: RecordingStore, tmp_path: Path, version: str
) -> None:
    place = make_release(tmp_path / "r", version)
    store.local = False
    with pytest.raises(Refused, match="is a development version"):
        publish(store, publication(place, tag=f"v{version}"))
    store.local = True
    publish(store, publication(place, tag=f"v{version}"))


def test_only_local_stores_accept_uncommitted_changes(
    store: RecordingStore, tmp_path: Path
) -> None:
    made = publication(make_release(tmp_path / "r"), build=BuildRecord(COMMIT, dirty=True))
    store.local = False
    with pytest.raises(Refused, match="accepts only committed files"):
        publish(store, made)
    store.local = True
    publish(store, made)


def test_quotas_are_checked_before_the_first_upload(store: RecordingStore, tmp_path: Path) -> None:
    """Catches: a quota that is exceeded in the middle of the uploads."""
    store.limits = StoreLimits(assets=3, file_size=200)
    with pytest.raises(Refused) as refused:
        publish(store, publication(make_release(tmp_path / "r")))
    assert "assets, and a release may have 3" in str(refused.value)
    assert "manifest.json has 0 MiB, and a file may have 0 MiB" in str(refused.value)
    assert not store.root.exists()


def test_a_wheel_that_is_too_large_for_the_registry_is_refused(
    store: RecordingStore, tmp_path: Path
) -> None:
    made = publication(make_release(tmp_path / "r"))
    with pytest.raises(Refused, match="could never be promoted"):
        publisher.publish(
            store,
            made,
            replace(SETTINGS.publish, registry_file_limit_mib=0),
            Console(file=io.StringIO()),
        )


def test_a_stable_version_is_not_a_prerelease(store: RecordingStore, tmp_path: Path) -> None:
    publish(store, publication(make_release(tmp_path / "r", "3.14.0"), tag="v3.14.0"))
    release = store.release("v3.14.0")
    assert release is not None
    assert not release.prerelease


def test_the_evidence_of_the_tag_is_in_the_manifest(store: RecordingStore, tmp_path: Path) -> None:
    store.draft(TAG, commit=COMMIT, title="", notes="")
    evidence = make_evidence(TAG, COMMIT).to_json()
    store.put(TAG, Upload.of_bytes("evidence.json", json.dumps(evidence).encode()))
    publish(store, publication(make_release(tmp_path / "r")))
    assert json.loads(b"".join(store.read(TAG, "manifest.json")))["evidence"] == evidence
    release = store.release(TAG)
    assert release is not None
    assert "Checks of this commit: ci success." in release.notes
