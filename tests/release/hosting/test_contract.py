"""What every store does, sentence by sentence of release/hosting/store.py."""

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


def test_a_new_store_has_nothing(store: Store) -> None:
    assert list(store.releases()) == []
    assert store.release(TAG) is None
    assert store.branch("latest-snapshot") is None
    assert store.tags() == {}


def test_a_draft_is_found_by_its_tag_and_in_the_list(
    store: Store, commits: Commits, opened: Callable[[], Store]
) -> None:
    """Catches: GitHub's way to a release by its tag, which does not find drafts."""
    drafted(store, commits)
    (found,) = opened().releases()
    assert opened().release(TAG) == found
    assert (found.tag, found.title, found.notes) == (TAG, "20261122.1", "being built")
    assert (found.draft, found.prerelease, found.published) == (True, True, None)
    assert abs(datetime.now(UTC) - found.created) < timedelta(minutes=5)


def test_a_second_draft_of_a_tag_is_the_first(store: Store, commits: Commits) -> None:
    drafted(store, commits)
    again = store.draft(TAG, commit=commits[0], title="another", notes="other notes")
    assert again.title == "20261122.1"
    assert len(list(store.releases())) == 1


def test_drafts_that_are_made_at_once_are_one(
    commits: Commits, opened: Callable[[], Store]
) -> None:
    """Catches: two drafts of one tag, of which each publisher fills another."""

    def make(_: int) -> None:
        drafted(opened(), commits)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(make, range(4)))
    assert len(list(opened().releases())) == 1


def test_title_and_notes_can_be_written_and_leave_a_draft_a_draft(
    store: Store, commits: Commits
) -> None:
    drafted(store, commits)
    for _ in range(2):
        described = store.describe(TAG, title="title", notes="line\n\n- *ümläut* ✔\n")
        assert (described.title, described.notes) == ("title", "line\n\n- *ümläut* ✔\n")
        assert described.draft


def test_publishing_makes_it_visible_and_twice_is_once(
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


def test_a_stable_release_is_no_prerelease(store: Store, commits: Commits) -> None:
    drafted(store, commits, "v3.14.0")
    store.create_tag("v3.14.0", commits[0])
    assert not store.publish("v3.14.0", prerelease=False, latest=True).prerelease


def test_removing_takes_release_and_assets_and_leaves_the_tag(
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
    made = {f"candidate-20261122.{number}" for number in range(1, 106)}
    for tag in made:
        drafted(store, commits, tag)
    assert {release.tag for release in store.releases()} == made
    assert {release.tag for release, _ in store.inventory()} == made


def test_the_inventory_has_the_assets(store: Store, commits: Commits) -> None:
    drafted(store, commits)
    store.put(TAG, content())
    ((release, assets),) = store.inventory()
    assert (release, assets) == (store.release(TAG), store.assets(TAG))


def test_bytes_come_back_as_they_were_put(
    store: Store, commits: Commits, opened: Callable[[], Store]
) -> None:
    drafted(store, commits)
    data = bytes(range(256)) * (5 << 12)
    assert store.put(TAG, content(data=data)) == "uploaded"
    pieces = list(opened().read(TAG, "a.whl"))
    assert b"".join(pieces) == data
    assert len(pieces) > 1, "a large file is never whole in memory"
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
def test_names_that_wheels_have_are_kept(store: Store, commits: Commits, name: str) -> None:
    """Catches: a plus sign that becomes a space, or a dot, on its way through a URL."""
    drafted(store, commits)
    store.put(TAG, content(name))
    assert list(store.assets(TAG)) == [name]
    assert b"".join(store.read(TAG, name)) == b"bytes of a wheel"


def test_the_same_bytes_are_not_sent_again(store: Store, commits: Commits) -> None:
    drafted(store, commits)
    assert store.put(TAG, content()) == "uploaded"
    assert store.put(TAG, content()) == "present"
    assert len(store.assets(TAG)) == 1


def test_other_bytes_are_refused_and_nothing_is_touched(store: Store, commits: Commits) -> None:
    drafted(store, commits)
    store.put(TAG, content())
    with pytest.raises(
        Conflict, match=r"a\.whl of candidate-20261122\.1 is there with other bytes"
    ):
        store.put(TAG, content(data=b"other bytes"))
    assert b"".join(store.read(TAG, "a.whl")) == b"bytes of a wheel"


def test_progress_adds_up_to_the_size(store: Store, commits: Commits) -> None:
    drafted(store, commits)
    for _ in range(2):
        counts: list[int] = []
        store.put(TAG, content(data=b"x" * 3_000_000), sent=counts.append)
        assert sum(counts) == 3_000_000


def test_many_files_can_be_put_at_once(store: Store, commits: Commits) -> None:
    """Catches: two threads that each write a list without the other's file."""
    drafted(store, commits)
    files = [content(f"{number}.whl", str(number).encode() * 1000) for number in range(20)]
    with ThreadPoolExecutor(8) as pool:
        placed = list(pool.map(lambda file: store.put(TAG, file), files))
    assert placed == ["uploaded"] * 20
    assert {n: a.sha256 for n, a in store.assets(TAG).items()} == {f.name: f.sha256 for f in files}


def test_a_discarded_asset_is_gone_and_can_be_put_again(store: Store, commits: Commits) -> None:
    drafted(store, commits)
    store.put(TAG, content())
    for _ in range(2):
        store.discard(TAG, "a.whl")
        assert store.assets(TAG) == {}
    assert store.put(TAG, content(data=b"other bytes")) == "uploaded"


def test_what_is_not_there_is_named(store: Store, commits: Commits) -> None:
    with pytest.raises(Absent, match="it has no release candidate"):
        store.assets(TAG)
    with pytest.raises(Absent, match="it has no release candidate"):
        store.put(TAG, content())
    with pytest.raises(Absent, match="it has no release candidate"):
        store.describe(TAG, title="", notes="")
    with pytest.raises(Absent, match="it has no release candidate"):
        store.publish(TAG, prerelease=True, latest=False)
    drafted(store, commits)
    with pytest.raises(Absent, match=r"candidate-20261122\.1 has no asset none\.whl"):
        list(store.read(TAG, "none.whl"))
    store.discard(TAG, "none.whl")
    store.discard("candidate-20261122.2", "none.whl")


def test_a_tag_is_made_once(store: Store, commits: Commits) -> None:
    for _ in range(2):
        store.create_tag(TAG, commits[0])
        assert store.tags() == {TAG: commits[0]}
    with pytest.raises(Conflict, match=f"the tag {TAG} is at {commits[0][:12]}, not at"):
        store.create_tag(TAG, commits[1])
    for _ in range(2):
        store.remove_tag(TAG)
        assert store.tags() == {}


def test_a_branch_goes_wherever_it_is_moved(store: Store, commits: Commits) -> None:
    """Catches: a snapshot branch that only goes forward, and not back to a mended commit."""
    for commit in (commits[1], commits[0], commits[0]):
        store.move_branch("latest-snapshot", commit)
        assert store.branch("latest-snapshot") == commit


def test_two_do_not_work_on_one_release(
    store: Store, commits: Commits, address_of: tuple[str, str | None]
) -> None:
    drafted(store, commits)
    with store.lease(TAG):
        told = other_process(address_of)
        assert told.startswith("Busy"), told
        assert f"process {os.getpid()} on " in told
    assert other_process(address_of) == "held"
    with store.lease(TAG):
        pass


def test_a_holder_that_was_killed_holds_it_no_longer(
    store: Store, commits: Commits, address_of: tuple[str, str | None]
) -> None:
    """Catches: a night that waits for a process that is no more."""
    drafted(store, commits)
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, *address_of_words(address_of), "stay"],
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


def address_of_words(address_of: tuple[str, str | None]) -> list[str]:
    return [address_of[0], address_of[1] or ""]


def child_environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}


def other_process(address_of: tuple[str, str | None]) -> str:
    """What another process says that tries to take the lease."""
    return subprocess.run(
        [sys.executable, "-c", HOLD, *address_of_words(address_of), "go"],
        env=child_environment(),
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
