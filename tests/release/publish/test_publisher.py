"""What goes out, in which order, and what keeps it from going out."""

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
from release.hosting.store import Conflict, Placed, StoreLimits, Upload
from release.model import release_dir, settings
from release.model.errors import Refused, RemoteError
from release.publish import judgement, publisher
from release.publish.publication import Publication, Published
from release.publish.published_manifest import BuildRecord
from tests.release.publish.samples import LINUX, VERSION, WINDOWS, make_release, verdicts_of

TAG = f"candidate-{VERSION}"
COMMIT = "c" * 40
SETTINGS = settings.read().publish


class Watched(DirectoryStore):
    """A store that remembers what was done to it, and fails where it is told."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.done: list[str] = []
        self.fail: dict[str, Exception] = {}

    def put(
        self, tag: str, content: Upload, *, sent: Callable[[int], None] = lambda _: None
    ) -> Placed:
        if error := self.fail.get(content.name):
            raise error
        self.done.append(content.name)
        return super().put(tag, content, sent=sent)

    def create_tag(self, tag: str, commit: str) -> None:
        self.done.append("tag")
        super().create_tag(tag, commit)

    def publish(self, tag: str, *, prerelease: bool, latest: bool):  # type: ignore[no-untyped-def]
        self.done.append("publish")
        return super().publish(tag, prerelease=prerelease, latest=latest)


@pytest.fixture
def store(tmp_path: Path) -> Watched:
    return Watched(tmp_path / "store")


def publication(place: Path, **changes: object) -> Publication:
    release = release_dir.read(place)
    made = Publication(
        release=release,
        judgement=judgement.of(verdicts_of(place), release),
        provenance=BuildRecord(COMMIT),
        tag=TAG,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def publish(store: DirectoryStore, made: Publication) -> Published:
    return publisher.publish(store, made, SETTINGS, Console(file=io.StringIO()))


def test_the_statement_goes_first_and_publishing_last(store: Watched, tmp_path: Path) -> None:
    """Catches: a release that is visible before it is whole."""
    publish(store, publication(make_release(tmp_path / "r")))
    assert store.done[0] == "manifest.json"
    assert store.done[-2:] == ["tag", "publish"]
    assert len(store.done) == len(set(store.done))


def test_what_is_published_is_what_was_built_with_metadata_and_sums(
    store: Watched, tmp_path: Path
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


def test_the_published_manifest_tells_installers_and_people(store: Watched, tmp_path: Path) -> None:
    publish(store, publication(make_release(tmp_path / "r")))
    stated = catalogue.manifest_of(store, TAG)
    assert stated is not None
    assert stated.commit == COMMIT
    tools = stated.artifacts[f"iree_tools_tf-{VERSION}-py3-none-any.whl"]
    assert tools.requires_python == ">=3.11"
    assert tools.requires == (f"iree-runtime=={VERSION}",)
    metadata = b"".join(store.read(TAG, f"{tools.filename}.metadata"))
    assert hashlib.sha256(metadata).hexdigest() == tools.metadata_sha256
    assert {cell.status for cell in stated.cells} == {"built"}


def test_a_tolerated_platform_may_be_missing_and_is_named_everywhere(
    store: Watched, tmp_path: Path
) -> None:
    """Catches: a hole that nobody sees for two months."""
    place = make_release(tmp_path / "r", missing=[WINDOWS])
    unbuilt = {WINDOWS: "its payload cannot be fetched"}
    published = publish(store, publication(place, provenance=BuildRecord(COMMIT, unbuilt=unbuilt)))
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


def test_a_missing_required_cell_publishes_nothing(store: Watched, tmp_path: Path) -> None:
    place = make_release(tmp_path / "r", missing=[LINUX])
    with pytest.raises(Refused, match=r"nothing is published: iree-runtime linux_x86_64 3\.14"):
        publish(store, publication(place))
    assert not store.root.exists()


def test_published_twice_is_published_once(store: Watched, tmp_path: Path) -> None:
    place = make_release(tmp_path / "r")
    assert not publish(store, publication(place)).already
    store.done.clear()
    assert publish(store, publication(place)).already
    assert store.done == []


def test_other_bytes_under_a_published_version_are_refused(store: Watched, tmp_path: Path) -> None:
    publish(store, publication(make_release(tmp_path / "r")))
    other = publication(make_release(tmp_path / "o", salt="other"))
    with pytest.raises(Conflict, match=r"is published already, of other bytes, such as those of"):
        publish(store, other)
    with pytest.raises(Conflict, match=r"of another commit, cccccccccccc"):
        again = publication(make_release(tmp_path / "a"), provenance=BuildRecord("d" * 40))
        publish(store, again)


def test_a_rerun_goes_on_under_the_statement_of_another_day(store: Watched, tmp_path: Path) -> None:
    """Catches: a night that was killed at 23:59, and is refused at 00:01."""
    place = make_release(tmp_path / "r")
    store.fail["SHA256SUMS"] = RemoteError("gone")
    with pytest.raises(RemoteError):
        publish(store, publication(place))
    first = b"".join(store.read(TAG, "manifest.json"))
    store.fail.clear()
    release = release_dir.read(place)
    later = verdicts_of(place, day=verdicts_of(place).day.replace(day=23))
    publish(store, publication(place, judgement=judgement.of(later, release)))
    assert b"".join(store.read(TAG, "manifest.json")) == first


def test_a_draft_of_other_bytes_is_refused(store: Watched, tmp_path: Path) -> None:
    store.fail["SHA256SUMS"] = RemoteError("gone")
    with pytest.raises(RemoteError):
        publish(store, publication(make_release(tmp_path / "r")))
    store.fail.clear()
    with pytest.raises(Conflict, match=f"the draft {TAG} was begun of other bytes"):
        publish(store, publication(make_release(tmp_path / "o", salt="other")))


def test_assets_of_strangers_are_never_published(store: Watched, tmp_path: Path) -> None:
    store.draft(TAG, commit=COMMIT, title="", notes="")
    store.put(TAG, Upload.of_bytes("malware.whl", b"?"))
    with pytest.raises(Refused, match=r"has an asset that is none of the release, malware\.whl"):
        publish(store, publication(make_release(tmp_path / "r")))
    release = store.release(TAG)
    assert release is not None
    assert release.draft


def test_what_a_rerun_cannot_mend_is_told_first(store: Watched, tmp_path: Path) -> None:
    store.fail[f"iree_tools_tf-{VERSION}-py3-none-any.whl"] = Conflict("it differs")
    store.fail["SHA256SUMS"] = RemoteError("gone")
    with pytest.raises((Conflict, RemoteError)):
        publish(store, publication(make_release(tmp_path / "r")))
    assert "publish" not in store.done


@pytest.mark.parametrize("version", ["0.dev0", "3.14.0+abc.1"])
def test_development_versions_are_for_this_machine_alone(
    store: Watched, tmp_path: Path, version: str
) -> None:
    place = make_release(tmp_path / "r", version)
    store.local = False
    with pytest.raises(Refused, match="is a development version"):
        publish(store, publication(place, tag=f"v{version}"))
    store.local = True
    publish(store, publication(place, tag=f"v{version}"))


def test_uncommitted_changes_are_for_this_machine_alone(store: Watched, tmp_path: Path) -> None:
    made = publication(make_release(tmp_path / "r"), provenance=BuildRecord(COMMIT, dirty=True))
    store.local = False
    with pytest.raises(Refused, match="takes only what was committed"):
        publish(store, made)
    store.local = True
    publish(store, made)


def test_quotas_are_held_before_the_first_byte(store: Watched, tmp_path: Path) -> None:
    """Catches: a quota that is found when half of it is uploaded, and the quota with it."""
    store.limits = StoreLimits(assets=3, file_size=200)
    with pytest.raises(Refused) as refused:
        publish(store, publication(make_release(tmp_path / "r")))
    assert "assets, of which a release takes 3" in str(refused.value)
    assert "manifest.json has 0 MiB, and a file may have 0" in str(refused.value)
    assert not store.root.exists()


def test_a_wheel_that_no_registry_would_take_is_refused(store: Watched, tmp_path: Path) -> None:
    made = publication(make_release(tmp_path / "r"))
    with pytest.raises(Refused, match="could never be promoted"):
        publisher.publish(
            store,
            made,
            replace(SETTINGS, registry_file_limit_mib=0),
            Console(file=io.StringIO()),
        )


def test_a_stable_version_is_no_prerelease(store: Watched, tmp_path: Path) -> None:
    publish(store, publication(make_release(tmp_path / "r", "3.14.0"), tag="v3.14.0"))
    release = store.release("v3.14.0")
    assert release is not None
    assert not release.prerelease


def test_evidence_of_the_tag_is_in_the_manifest(store: Watched, tmp_path: Path) -> None:
    store.draft(TAG, commit=COMMIT, title="", notes="")
    evidence = {"why": "green", "checks": [{"name": "ci", "conclusion": "success"}]}
    store.put(TAG, Upload.of_bytes("evidence.json", json.dumps(evidence).encode()))
    publish(store, publication(make_release(tmp_path / "r")))
    assert json.loads(b"".join(store.read(TAG, "manifest.json")))["evidence"] == evidence
    release = store.release(TAG)
    assert release is not None
    assert "Its checks: ci success." in release.notes
