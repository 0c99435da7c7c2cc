"""The contract of all stores, as release/hosting/store.py documents it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from release.hosting.store import Absent, Busy, Conflict, Store, Upload

TAG = "candidate-20261122.1"
Commits = tuple[str, str]


def drafted(store: Store, commits: Commits, tag: str = TAG) -> None:
    store.draft(tag, commit=commits[0], title="20261122.1", notes="being built")


def content(name: str = "a.whl", data: bytes = b"bytes of a wheel") -> Upload:
    return Upload.of_bytes(name, data)


def test_a_new_store_is_empty(store: Store) -> None:
    assert list(store.releases()) == []
    assert store.release(TAG) is None
    assert store.branch("latest-snapshot") is None
    assert store.tags() == {}


def test_a_draft_is_found_by_its_tag_and_in_the_list(
    store: Store, commits: Commits, opened: Callable[[], Store]
) -> None:
    """Catches: GitHub's lookup of releases by tag, which does not find drafts."""
    drafted(store, commits)
    (found,) = opened().releases()
    assert opened().release(TAG) == found
    assert (found.tag, found.title, found.notes) == (TAG, "20261122.1", "being built")
    assert (found.draft, found.prerelease, found.published) == (True, True, None)
    assert abs(datetime.now(UTC) - found.created) < timedelta(minutes=5)


def test_drafting_a_tag_again_returns_the_first_draft(store: Store, commits: Commits) -> None:
    drafted(store, commits)
    again = store.draft(TAG, commit=commits[0], title="another", notes="other notes")
    assert again.title == "20261122.1"
    assert len(list(store.releases())) == 1


def test_concurrent_drafts_of_a_tag_make_one_draft(
    commits: Commits, opened: Callable[[], Store]
) -> None:
    """Catches: two drafts of one tag, each filled by another publisher."""

    def make(_: int) -> None:
        drafted(opened(), commits)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(make, range(4)))
    assert len(list(opened().releases())) == 1


def test_describing_sets_title_and_notes_and_keeps_a_draft(store: Store, commits: Commits) -> None:
    drafted(store, commits)
    for _ in range(2):
        described = store.describe(TAG, title="title", notes="line\n\n- *ümläut* ✔\n")
        assert (described.title, described.notes) == ("title", "line\n\n- *ümläut* ✔\n")
        assert described.draft


def test_publishing_is_idempotent(
    store: Store, commits: Commits, opened: Callable[[], Store]
) -> None:
    drafted(store, commits)
    store.create_tag(TAG, commits[0])
    first = store.publish(TAG, prerelease=True, latest=False)
    assert (first.draft, first.prerelease) == (False, True)
    assert first.published is not None
    assert store.publish(TAG, prerelease=True, latest=False) == first
    assert opened().release(TAG) == first
    assert opened().draft(TAG, commit=commits[0], title="x", notes="x") == first


def test_a_stable_release_is_not_a_prerelease(store: Store, commits: Commits) -> None:
    drafted(store, commits, "v3.14.0")
    store.create_tag("v3.14.0", commits[0])
    assert not store.publish("v3.14.0", prerelease=False, latest=True).prerelease


def test_removing_deletes_release_and_assets_and_keeps_the_tag(
    store: Store, commits: Commits
) -> None:
    drafted(store, commits)
    store.put(TAG, content())
    store.create_tag(TAG, commits[0])
    for _ in range(2):
        store.remove(TAG)
        assert store.release(TAG) is None
    assert store.tags() == {TAG: commits[0]}
    drafted(store, commits)
    assert store.assets(TAG) == {}


def test_the_newest_release_comes_first(store: Store, commits: Commits) -> None:
    for number in (9, 10, 11):
        drafted(store, commits, f"candidate-20261122.{number}")
    tags = [release.tag for release in store.releases()]
    assert tags == [f"candidate-20261122.{number}" for number in (11, 10, 9)]


def test_more_than_a_page_of_releases_is_listed(store: Store, commits: Commits) -> None:
    """Catches: an index that ends at the first page, or at the tenth."""
    tags = {f"candidate-20261122.{number}" for number in range(1, 106)}
    for tag in tags:
        drafted(store, commits, tag)
    assert {release.tag for release in store.releases()} == tags
    assert {release.tag for release, _ in store.inventory()} == tags


def test_the_inventory_includes_the_assets(store: Store, commits: Commits) -> None:
    drafted(store, commits)
    store.put(TAG, content())
    ((release, assets),) = store.inventory()
    assert (release, assets) == (store.release(TAG), store.assets(TAG))


def test_content_is_read_back_unchanged(
    store: Store, commits: Commits, opened: Callable[[], Store]
) -> None:
    drafted(store, commits)
    data = bytes(range(256)) * (5 << 12)
    assert store.put(TAG, content(data=data)) == "uploaded"
    chunks = list(opened().read(TAG, "a.whl"))
    assert b"".join(chunks) == data
    assert len(chunks) > 1, "large files are read in chunks"
    asset = opened().assets(TAG)["a.whl"]
    assert (asset.size, asset.sha256, asset.complete) == (
        len(data),
        content(data=data).sha256,
        True,
    )


@pytest.mark.parametrize(
    "name",
    ["iree_runtime-3.14.0+abc.1-cp312-abi3-manylinux_2_28_x86_64.whl", "SHA256SUMS", "a!b_c-1.0"],
)
def test_names_of_wheels_are_preserved(store: Store, commits: Commits, name: str) -> None:
    """Catches: a plus sign that becomes a space or a dot in a URL."""
    drafted(store, commits)
    store.put(TAG, content(name))
    assert list(store.assets(TAG)) == [name]
    assert b"".join(store.read(TAG, name)) == b"bytes of a wheel"


def test_an_identical_file_is_not_uploaded_again(store: Store, commits: Commits) -> None:
    drafted(store, commits)
    assert store.put(TAG, content()) == "uploaded"
    assert store.put(TAG, content()) == "present"
    assert len(store.assets(TAG)) == 1


def test_a_different_file_is_refused_and_nothing_changes(store: Store, commits: Commits) -> None:
    drafted(store, commits)
    store.put(TAG, content())
    with pytest.raises(Conflict, match=r"candidate-20261122\.1 already has a different a\.whl"):
        store.put(TAG, content(data=b"other bytes"))
    assert b"".join(store.read(TAG, "a.whl")) == b"bytes of a wheel"


def test_progress_adds_up_to_the_size(store: Store, commits: Commits) -> None:
    drafted(store, commits)
    for _ in range(2):
        counts: list[int] = []
        store.put(TAG, content(data=b"x" * 3_000_000), progress=counts.append)
        assert sum(counts) == 3_000_000


def test_many_files_can_be_put_concurrently(store: Store, commits: Commits) -> None:
    """Catches: two threads that each write a list without the other's file."""
    drafted(store, commits)
    files = [content(f"{number}.whl", str(number).encode() * 1000) for number in range(20)]
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda file: store.put(TAG, file), files))
    assert results == ["uploaded"] * 20
    assert {n: a.sha256 for n, a in store.assets(TAG).items()} == {f.name: f.sha256 for f in files}


def test_a_discarded_asset_is_removed_and_can_be_put_again(store: Store, commits: Commits) -> None:
    drafted(store, commits)
    store.put(TAG, content())
    for _ in range(2):
        store.discard(TAG, "a.whl")
        assert store.assets(TAG) == {}
    assert store.put(TAG, content(data=b"other bytes")) == "uploaded"


def test_missing_releases_and_assets_are_reported(store: Store, commits: Commits) -> None:
    with pytest.raises(Absent, match="no release candidate"):
        store.assets(TAG)
    with pytest.raises(Absent, match="no release candidate"):
        store.put(TAG, content())
    with pytest.raises(Absent, match="no release candidate"):
        store.describe(TAG, title="", notes="")
    with pytest.raises(Absent, match="no release candidate"):
        store.publish(TAG, prerelease=True, latest=False)
    drafted(store, commits)
    with pytest.raises(Absent, match=r"candidate-20261122\.1 has no asset none\.whl"):
        list(store.read(TAG, "none.whl"))
    store.discard(TAG, "none.whl")
    store.discard("candidate-20261122.2", "none.whl")


def test_a_tag_is_created_once(store: Store, commits: Commits) -> None:
    for _ in range(2):
        store.create_tag(TAG, commits[0])
        assert store.tags() == {TAG: commits[0]}
    with pytest.raises(Conflict, match=f"the tag {TAG} is at {commits[0][:12]}, not at"):
        store.create_tag(TAG, commits[1])
    for _ in range(2):
        store.remove_tag(TAG)
        assert store.tags() == {}


def test_a_branch_can_be_moved_to_any_commit(store: Store, commits: Commits) -> None:
    """Catches: a snapshot branch that only moves forward, never back to a good commit."""
    for commit in (commits[1], commits[0], commits[0]):
        store.move_branch("latest-snapshot", commit)
        assert store.branch("latest-snapshot") == commit


def test_a_lease_is_exclusive(
    store: Store, commits: Commits, address_of: tuple[str, str | None]
) -> None:
    drafted(store, commits)
    with store.lease(TAG):
        output = lease_in_another_process(address_of)
        assert output.startswith("Busy"), output
        assert f"process {os.getpid()} on " in output
    assert lease_in_another_process(address_of) == "held"
    with store.lease(TAG):
        pass


def test_the_lease_of_a_killed_process_ends(
    store: Store, commits: Commits, address_of: tuple[str, str | None]
) -> None:
    """Catches: a nightly that waits for a process that no longer exists."""
    drafted(store, commits)
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, *arguments(address_of), "stay"],
        env=child_environment(),
        stdout=subprocess.PIPE,
        text=True,
    )
    with holder:
        assert holder.stdout
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(Busy), store.lease(TAG):
            pass
        holder.send_signal(signal.SIGKILL)
    with store.lease(TAG):
        pass
    assert set(store.assets(TAG)) == set()


HOLD = f"""
import sys, time
from release.hosting import address
from release.hosting.store import Busy
store = address.open_store(sys.argv[1], api=sys.argv[2] or None)
try:
    with store.lease("{TAG}"):
        print("held", flush=True)
        if sys.argv[3] == "stay":
            time.sleep(60)
except Busy as error:
    print("Busy", error)
"""


def arguments(address_of: tuple[str, str | None]) -> list[str]:
    return [address_of[0], address_of[1] or ""]


def child_environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}


def lease_in_another_process(address_of: tuple[str, str | None]) -> str:
    """The output of another process that tries to acquire the lease."""
    return subprocess.run(
        [sys.executable, "-c", HOLD, *arguments(address_of), "go"],
        env=child_environment(),
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
