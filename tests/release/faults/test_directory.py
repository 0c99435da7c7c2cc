"""Tests of commands on a directory store that are killed at every change of the disk."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from release.hosting.directory_store import DirectoryStore
from release.hosting.store import Upload
from release.model import document
from tests.git import git
from tests.release.faults.killable import Command, Completed, Running, run
from tests.release.faults.tree import state
from tests.release.products import declare
from tests.release.promote.samples import restamp_tool
from tests.release.publish.samples import make_release, sample_product, write_verdicts
from tests.tally import tally

COMMIT = "c" * 40
VERSION = "20261122.2"
SIZES = (0, 1, 100, 400, 1000, 2000, 4096, 10_000)
DOUBLE = 60


class Scene:
    """A store in a known state, and commands to run on it."""

    def __init__(self, directory: Path) -> None:
        """Makes a store with old releases, the last nightly, and an index."""
        self.directory = directory
        self.start = directory / "start"
        self.tool = restamp_tool(directory / "restamp")
        # One upload at a time, so that assets are always listed in the same order.
        self.settings = directory / "settings.toml"
        self.settings.write_text("[publish]\nuploads = 1\n")
        self.products = declare(directory / "products", sample_product())
        self.checkout = directory / "checkout"
        self.checkout.mkdir()
        git(self.checkout, "init", "--quiet")
        self._count = 0
        release = make_release(directory / "release", VERSION)
        verdicts = write_verdicts(release, directory / "verdicts")
        self._publish = [
            *("--from", str(release), "--verdicts", str(verdicts)),
            *("--commit", COMMIT, "--uploads", "1"),
        ]
        store = DirectoryStore(self.start)
        for version, days in (("20260101.1", 300), ("20260102.1", 299), ("20261121.1", 4)):
            tag = f"candidate-{version}"
            place = make_release(directory / version, version)
            verdicts = write_verdicts(place, directory / f"{version}.verdicts")
            completed = run(
                Command(
                    "publish",
                    [
                        *("--store", f"directory:{self.start}", "--from", str(place)),
                        *("--verdicts", str(verdicts), "--commit", COMMIT),
                    ],
                ),
                directory / "log",
            )
            assert completed.code == 0, completed.output
            path = self.start / "releases" / tag / "release.json"
            record = document.read(path, "release", dict)
            then = (datetime(2026, 11, 25, tzinfo=UTC) - timedelta(days=days)).isoformat()
            path.write_bytes(document.dumps({**record, "created": then, "published": then}))
        store.draft("candidate-20260103.1", commit=COMMIT, title="", notes="left by a nightly")
        store.put("candidate-20260103.1", Upload.of_bytes("half.whl", b"half"))
        store.create_tag("candidate-20260101.2", COMMIT)
        path = self.start / "releases" / "candidate-20260103.1" / "release.json"
        record = document.read(path, "release", dict)
        path.write_bytes(document.dumps({**record, "created": "2026-01-03T00:00:00+00:00"}))
        assert self.run(self.command("index", self.start)).code == 0

    def command(self, name: str, store: Path) -> Command:
        """The command line of a command on a store."""
        more = {
            "publish": self._publish,
            "index": ["--date", "2026-11-25"],
            "purge": ["--yes", "--keep-last", "1", "--date", "2026-11-25"],
            "promote": [
                *("--candidate", "candidate-20261121.1", "--version", "3.14.0"),
                *("--work", str(store.parent / "work"), "--date", "2026-11-26"),
                *("--settings", str(self.settings)),
            ],
            "tag": ["--commit", "HEAD", "--source", str(self.checkout)],
        }[name]
        environment = {
            "RESTAMP": str(self.tool),
            "BUILD_WORKSPACE_DIRECTORY": str(self.checkout),
            "PRODUCTS": self.products,
        }
        return Command(name, ["--store", f"directory:{store}", *more], environment)

    def run(self, command: Command, **kill: int) -> Completed:
        """Runs a command."""
        self._count += 1
        return run(command, self.directory / f"log{self._count}", **kill)

    def fresh(self) -> Path:
        """Makes a copy of the store."""
        self._count += 1
        place = self.directory / f"store{self._count}" / "store"
        shutil.copytree(self.start, place, symlinks=True)
        return place

    def done(self, place: Path) -> None:
        """Removes a copy."""
        shutil.rmtree(place.parent)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return Scene(tmp_path_factory.mktemp("scene"))


@pytest.fixture(scope="module")
def undisturbed(scene: Scene) -> Callable[[str], dict[str, bytes]]:
    """Returns the state after an undisturbed run of a command."""
    known: dict[str, dict[str, bytes]] = {}

    def of(name: str) -> dict[str, bytes]:
        if name not in known:
            place = scene.fresh()
            completed = scene.run(scene.command(name, place))
            assert completed.code == 0, completed.output
            known[name] = state(place)
        return known[name]

    return of


def resumed(scene: Scene, name: str, place: Path) -> dict[str, bytes]:
    """Runs the command again, and returns the state of the store."""
    completed = scene.run(scene.command(name, place))
    assert completed.code == 0, completed.output
    return state(place)


@pytest.mark.parametrize(
    ("name", "step"),
    [
        ("publish", 1),
        ("index", 1),
        ("purge", 1),
        # It ends with the same steps as publish.
        pytest.param("promote", 4, id="promote"),
    ],
)
def test_a_command_killed_at_a_disk_change_can_be_resumed(
    scene: Scene, undisturbed: Callable[[str], dict[str, bytes]], name: str, step: int
) -> None:
    expected = undisturbed(name)
    assert expected != state(scene.start)
    count = 0
    while True:
        place = scene.fresh()
        completed = scene.run(scene.command(name, place), kill_at=count * step + 1)
        if not completed.killed:
            assert completed.code == 0, completed.output
            break
        assert resumed(scene, name, place) == expected, f"killed before change {count * step + 1}"
        count += 1
        scene.done(place)
    assert count > 10
    tally(
        "kill points", count, f"{name} to a directory: killed at changes of the disk, all resumed"
    )


@pytest.mark.parametrize("name", ["publish", "index", "purge", "promote"])
def test_a_command_killed_while_writing_a_file_can_be_resumed(
    scene: Scene, undisturbed: Callable[[str], dict[str, bytes]], name: str
) -> None:
    """Catches: a partial file under its final name."""
    killed = 0
    for size in SIZES:
        place = scene.fresh()
        completed = scene.run(scene.command(name, place), max_file_size=size)
        killed += completed.killed
        assert resumed(scene, name, place) == undisturbed(name), f"killed at {size} bytes"
        scene.done(place)
    assert killed >= 3
    tally("kill points", killed, f"{name} to a directory: killed in files, all resumed")


def test_a_command_killed_twice_can_be_resumed(
    scene: Scene, undisturbed: Callable[[str], dict[str, bytes]]
) -> None:
    """Catches: a run that is killed while it cleans up after another."""
    chance = random.Random(4)
    for _ in range(DOUBLE):
        name = chance.choice(["publish", "index", "purge"])
        place = scene.fresh()
        points = chance.randint(1, 60), chance.randint(1, 30)
        for point in points:
            scene.run(scene.command(name, place), kill_at=point)
        assert resumed(scene, name, place) == undisturbed(name), f"{name} killed at {points}"
        scene.done(place)
    tally("kill points", 2 * DOUBLE, "on a directory: killed twice at random (seed 4), all resumed")


def test_of_concurrent_publishers_one_succeeds_and_the_others_exit_with_75(
    scene: Scene, undisturbed: Callable[[str], dict[str, bytes]]
) -> None:
    tries = 10
    for number in range(tries):
        place = scene.fresh()
        command = scene.command("publish", place)
        running = [Running(command, scene.directory / f"both{number}.{one}") for one in range(3)]
        completed = [one.wait() for one in running]
        assert any(one.code == 0 for one in completed), [one.output for one in completed]
        for one in completed:
            assert one.code == 0 or (one.code == 75 and "is working on" in one.output), one.output
        assert resumed(scene, "publish", place) == undisturbed("publish")
        scene.done(place)
    tally("races", tries, "on a directory: 3 publishers at once, one release each")


def test_the_state_of_a_directory_shows_partial_and_leftover_files(tmp_path: Path) -> None:
    """Catches: a comparison that ignores differences."""
    place = tmp_path / "store"
    place.mkdir()
    (place / "a").write_text("whole")
    whole = state(place)
    (place / "a").write_text("who")
    assert state(place) != whole
    (place / ".a.tmp").write_text("")
    with pytest.raises(AssertionError, match=r"\.a\.tmp is left over"):
        state(place)
