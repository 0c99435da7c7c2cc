"""`bazel run //release:turbine`: what a wheelhouse holds, and that nothing is mixed in it."""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from release.cli.turbine import app
from release.hosting.directory_store import DirectoryStore
from release.turbine import smoke_test
from release.turbine.smoke_test import SuiteOutcome
from tests.release.faults.tree import state
from tests.release.promote.samples import publish
from tests.release.publish.samples import LINUX, WINDOWS, make_release, make_wheel
from tests.release.turbine.samples import make_source, turbine_tools

NATIVE = ("iree-compiler", "iree-runtime")


class World:
    """A store with a stable release, locks, an index in a directory, and the tools."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.index = directory / "index"
        self.index.mkdir()
        self.locks = directory / "locks"
        self.locks.mkdir()
        source = make_source(self.index)
        (directory / "source.txt").write_text(
            f"iree-turbine==3.9.0 --hash=sha256:{sha256(source)}\n"
        )
        for python in ("314", "315"):
            self.lock(LINUX, python, "numpy==2.0", f"other=={python}")
        self.store = DirectoryStore(directory / "store")
        self.release("3.14.0")
        self.tools = turbine_tools(directory)

    def release(self, version: str, **more: Any) -> None:
        """Publishes a release of the core."""
        place = make_release(self.directory / version, version, native=NATIVE, **more)
        publish(self.store, place, f"v{version}")

    def lock(self, platform: str, python: str, *pins: str) -> None:
        """Writes a lock, and puts its wheels into the index."""
        lines = []
        for pin in pins:
            project, _, version = pin.partition("==")
            path = self.index / f"{project}-{version}-py3-none-any.whl"
            if not path.exists():
                make_wheel(path, project, version)
            lines.append(f"{pin} --hash=sha256:{sha256(path)}\n")
        (self.locks / f"{platform}-cp{python}.txt").write_text("".join(lines))

    def enter(self, patch: pytest.MonkeyPatch) -> None:
        """Makes it what commands see."""
        for name, value in self.tools.items():
            patch.setenv(name, value)
        patch.setenv("TURBINE_SOURCE", str(self.directory / "source.txt"))
        patch.setenv("TURBINE_LOCKS", " ".join(str(path) for path in self.locks.iterdir()))
        # pip, as it is; what it may look at is the index of this test.
        patch.setenv("PIP_CONFIG_FILE", "/dev/null")
        patch.setenv("PIP_NO_INDEX", "1")
        patch.setenv("PIP_FIND_LINKS", str(self.index))
        patch.setenv("IREE_RELEASE_CACHE", str(self.directory / "cache"))


class Scene:
    """A wheelhouse in a world."""

    def __init__(self, world: World, wheelhouse: Path) -> None:
        self.world = world
        self.store = world.store
        self.wheelhouse = wheelhouse

    def run(self, *arguments: str) -> Result:
        """Calls the verb."""
        fixed = [
            *("--core-version", "3.14.0", "--date", "2026-11-25", "--platform", LINUX),
            *("--store", self.store.address, "--wheelhouse", str(self.wheelhouse)),
        ]
        return CliRunner().invoke(app, [*fixed, *arguments])

    def wheels(self) -> set[str]:
        """The wheels in the wheelhouse."""
        return {path.name for path in self.wheelhouse.glob("*.whl")}


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world that no test changes."""
    return World(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def finished(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheelhouse that the verb has filled."""
    scene = Scene(world, tmp_path_factory.mktemp("finished") / "wheelhouse")
    with pytest.MonkeyPatch.context() as patch:
        world.enter(patch)
        result = scene.run()
    assert result.exit_code == 0, result.output
    return scene.wheelhouse


@pytest.fixture
def scene(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """No wheelhouse yet."""
    world.enter(monkeypatch)
    return Scene(world, tmp_path / "wheelhouse")


@pytest.fixture
def filled(scene: Scene, finished: Path) -> Scene:
    """A wheelhouse of its own that the verb has filled."""
    shutil.copytree(finished, scene.wheelhouse)
    return scene


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """A world of its own, which may be changed."""
    world = World(tmp_path)
    world.enter(monkeypatch)
    return Scene(world, tmp_path / "wheelhouse")


def test_it_holds_turbine_the_core_of_every_platform_and_what_is_required(scene: Scene) -> None:
    result = scene.run("--core-pre-version", "rcYYYYMMDD")
    assert result.exit_code == 0, result.output
    version = "3.14.0rc20261125"
    assert scene.wheels() == {
        f"iree_turbine-{version}-py3-none-any.whl",
        f"shark_turbine-{version}-py3-none-any.whl",
        "iree_compiler-3.14.0-cp312-abi3-manylinux_2_28_x86_64.whl",
        "iree_compiler-3.14.0-cp312-abi3-win_amd64.whl",
        "iree_runtime-3.14.0-cp312-abi3-manylinux_2_28_x86_64.whl",
        "iree_runtime-3.14.0-cp312-abi3-win_amd64.whl",
        "numpy-2.0-py3-none-any.whl",
        "other-314-py3-none-any.whl",
        "other-315-py3-none-any.whl",
    }
    assert f"iree-turbine {version} with IREE 3.14.0 is in" in result.stdout
    stated = json.loads((scene.wheelhouse / "wheelhouse.json").read_bytes())
    assert {wheel["sha256"] for wheel in stated["wheels"]} == {
        sha256(path) for path in scene.wheelhouse.glob("*.whl")
    }
    assert stated["source"] == "pinned wheel iree_turbine-3.9.0-py3-none-any.whl"
    assert stated["core_from"] == f"{scene.store.address} v3.14.0"


def test_the_core_is_that_of_the_store_to_the_byte(filled: Scene) -> None:
    for name, asset in filled.store.assets("v3.14.0").items():
        if name.startswith(("iree_compiler", "iree_runtime")) and name.endswith(".whl"):
            assert sha256(filled.wheelhouse / name) == asset.sha256


def test_another_release_of_the_core_can_be_named(own: Scene) -> None:
    """Catches: a turbine that requires 3.14.0 and ships with a nightly."""
    place = make_release(own.world.directory / "night", "20261122.1", native=NATIVE)
    publish(own.store, place, "candidate-20261122.1")
    result = own.run("--core-release", "candidate-20261122.1", "--core-post-version", "1")
    assert result.exit_code == 0, result.output
    with zipfile.ZipFile(own.wheelhouse / "iree_turbine-3.14.0.post1-py3-none-any.whl") as archive:
        metadata = archive.read("iree_turbine-3.14.0.post1.dist-info/METADATA").decode()
    assert "Requires-Dist: iree-compiler==20261122.1\n" in metadata


def test_a_second_run_changes_nothing(filled: Scene) -> None:
    before = state(filled.wheelhouse)
    result = filled.run()
    assert result.exit_code == 0, result.output
    assert state(filled.wheelhouse) == before


@pytest.mark.parametrize(
    "leave",
    [
        lambda place: (place / "wheelhouse.json").unlink(),
        lambda place: next(place.glob("iree_compiler*linux*")).unlink(),
        lambda place: next(place.glob("numpy*")).unlink(),
        lambda place: (place / ".half.whl").write_bytes(b"half"),
        lambda place: (place / ".fetch1").mkdir(),
    ],
)
def test_what_was_killed_is_completed(filled: Scene, leave: Callable[[Path], None]) -> None:
    before = state(filled.wheelhouse)
    leave(filled.wheelhouse)
    result = filled.run()
    assert result.exit_code == 0, result.output
    assert state(filled.wheelhouse) == before


def test_a_wheelhouse_of_another_version_is_refused_and_cleaned_on_demand(scene: Scene) -> None:
    """Catches: yesterday's turbine tested, and today's pushed."""
    scene.run("--core-pre-version", "rc20261124")
    before = state(scene.wheelhouse)
    result = scene.run()
    assert result.exit_code == 1
    assert "it was filled with version 3.14.0rc20261124, and not 3.14.0" in result.stderr
    assert "--clean" in result.stderr
    assert state(scene.wheelhouse) == before
    assert scene.run("--clean").exit_code == 0
    assert not any("rc20261124" in name for name in scene.wheels())


def test_other_locks_make_another_wheelhouse(own: Scene) -> None:
    own.run()
    own.world.lock(LINUX, "315", "numpy==2.1", "other==315")
    result = own.run()
    assert result.exit_code == 1
    assert "from other locks" in result.stderr


@pytest.mark.parametrize(
    ("name", "message"),
    [("numpy-1.9-py3-none-any.whl", "which is none of 3.14.0"), ("notes.txt", "which is no wheel")],
)
def test_what_is_none_of_it_is_refused(scene: Scene, name: str, message: str) -> None:
    """Catches: an old wheel that an installer would prefer."""
    scene.wheelhouse.mkdir()
    (scene.wheelhouse / name).write_bytes(b"old")
    result = scene.run()
    assert result.exit_code == 1
    assert f"it holds {name}, {message}" in result.stderr
    assert scene.wheels() <= {name}


def test_cleaning_takes_away_wheels_alone(scene: Scene) -> None:
    """Catches: --clean in the wrong directory."""
    scene.wheelhouse.mkdir()
    (scene.wheelhouse / "thesis.tex").write_text("years of work")
    result = scene.run("--clean")
    assert result.exit_code == 1
    assert "thesis.tex is nothing that belongs into a wheelhouse" in result.stderr
    assert (scene.wheelhouse / "thesis.tex").exists()


def test_a_damaged_wheel_is_found(filled: Scene) -> None:
    wheel = next(filled.wheelhouse.glob("iree_runtime*win*"))
    wheel.write_bytes(wheel.read_bytes() + b"\0")
    result = filled.run()
    assert result.exit_code == 1
    assert f"it holds {wheel.name}, which is none of 3.14.0" in result.stderr


def test_without_downloads_only_turbine_is_made(scene: Scene) -> None:
    result = scene.run("--no-download")
    assert result.exit_code == 0, result.output
    assert {name.split("-")[0] for name in scene.wheels()} == {"iree_turbine", "shark_turbine"}
    assert "without those of others" in result.stdout
    assert scene.run("--no-download", "--test").exit_code == 1
    assert scene.run().exit_code == 0
    assert len(scene.wheels()) == 9


def test_one_python_is_enough_when_it_is_asked_for(scene: Scene) -> None:
    scene.run("--python", "3.15")
    assert "other-314-py3-none-any.whl" not in scene.wheels()


def test_a_checkout_is_built(scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkout with a build backend of its own, so that nothing is fetched to build it."""
    wheel = scene.world.index / "iree_turbine-3.9.0-py3-none-any.whl"
    checkout = tmp_path / "iree-turbine"
    checkout.mkdir()
    (checkout / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    )
    (checkout / "backend.py").write_text(
        "import shutil\n"
        "def build_wheel(directory, config=None, metadata=None):\n"
        f"    shutil.copy({str(wheel)!r}, directory)\n"
        "    return 'iree_turbine-3.9.0-py3-none-any.whl'\n"
    )
    result = scene.run("--source", str(checkout))
    assert result.exit_code == 0, result.output
    stated = json.loads((scene.wheelhouse / "wheelhouse.json").read_bytes())
    assert stated["source"] == f"checkout {checkout}"
    (checkout / "backend.py").write_text("def build_wheel(*_, **__):\n    raise SystemExit(3)\n")
    result = scene.run("--source", str(checkout))
    assert result.exit_code == 1
    assert f"{checkout}: pip makes no wheel of it" in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--core-release", "v3.15.0"], 1, "v3.15.0 is not published; promote a candidate to it"),
        (["--core-release", "main"], 2, "--core-release main: no tag of a release"),
        (["--core-pre-version", "x"], 2, "--core-pre-version x: write it like rcYYYYMMDD"),
        (["--platform", WINDOWS], 2, f"--platform {WINDOWS} --python 3.14: nothing is locked"),
        (["--platform", "plan9"], 2, "--platform plan9: v3.14.0 has no such platform"),
        (["--python", "2.7"], 2, "--python 2.7: nothing is locked for it"),
        (["--source", "/none"], 2, "--source /none: there is no such checkout or wheel"),
        (["--suite", "/none"], 2, "--suite /none: there is no such file or directory"),
    ],
)
def test_wrong_input_gets_one_sentence(
    scene: Scene, arguments: list[str], code: int, message: str
) -> None:
    result = scene.run(*arguments)
    assert result.exit_code == code
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert not scene.wheelhouse.exists()


def test_a_registry_without_a_locked_wheel_is_told_and_what_is_there_stays(own: Scene) -> None:
    other = own.world.index / "other-315-py3-none-any.whl"
    other.unlink()
    result = own.run()
    assert result.exit_code == 1
    assert "linux_x86_64-cp315.txt pins it" in result.stderr
    make_wheel(other, "other", "315")
    assert own.run().exit_code == 0


def test_other_bytes_in_the_store_are_refused(own: Scene) -> None:
    name = "iree_runtime-3.14.0-cp312-abi3-win_amd64.whl"
    (own.store.root / "releases" / "v3.14.0" / name).write_bytes(b"evil")
    result = own.run()
    assert result.exit_code == 1
    assert f"{name} of v3.14.0 has not the bytes that its manifest states" in result.stderr
    assert name not in own.wheels()


def test_a_dry_run_touches_nothing(scene: Scene) -> None:
    result = scene.run("--dry-run")
    assert result.exit_code == 0
    assert "would ship with iree-compiler and iree-runtime 3.14.0 of v3.14.0" in result.stdout
    assert not scene.wheelhouse.exists()


@pytest.mark.parametrize(
    ("statuses", "code", "message"),
    [
        (["passed", "not run"], 0, ""),
        (["passed", "failed"], 1, "on Python 3.15: why"),
        (["not run", "not run"], 1, "was not tried on any Python"),
    ],
)
def test_the_trial_decides_and_what_was_not_run_is_no_pass(
    filled: Scene, monkeypatch: pytest.MonkeyPatch, statuses: list[Any], code: int, message: str
) -> None:
    left = iter(statuses)

    def tried(_place: Path, _stated: object, lock: Any, *_: object) -> SuiteOutcome:
        return SuiteOutcome(lock.platform, lock.python, next(left), "why", ("torch==2.13.0",))

    monkeypatch.setattr(smoke_test, "try_wheelhouse", tried)
    monkeypatch.setenv("TRIAL_UV", str(shutil.which("true")))
    result = filled.run("--test", "--json")
    assert result.exit_code == code, result.output
    assert message in result.stderr
    told = json.loads(result.stdout)
    assert [one["status"] for one in told["outcomes"]] == statuses
