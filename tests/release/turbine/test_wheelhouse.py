"""Tests of `turbine`: the content of a wheelhouse, and that releases are never mixed."""

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
from release.model.errors import UsageError
from release.turbine import smoke_test
from release.turbine.smoke_test import SuiteOutcome
from tests.release.faults.tree import state
from tests.release.products import declare, make_product
from tests.release.promote.samples import publish
from tests.release.publish.samples import (
    LINUX,
    WINDOWS,
    make_release,
    make_wheel,
    sample_product,
)
from tests.release.turbine.samples import make_source, turbine_tools

NATIVE = ("iree-compiler", "iree-runtime")


class World:
    """A store with a stable release, locks, a local index, and the tools."""

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
        directory = make_release(self.directory / version, version, native=NATIVE, **more)
        publish(self.store, directory, f"v{version}")

    def lock(self, platform: str, python: str, *pins: str) -> None:
        """Writes a lock, and adds its wheels to the index."""
        lines = []
        for pin in pins:
            project, _, version = pin.partition("==")
            path = self.index / f"{project}-{version}-py3-none-any.whl"
            if not path.exists():
                make_wheel(path, project, version)
            lines.append(f"{pin} --hash=sha256:{sha256(path)}\n")
        (self.locks / f"{platform}-cp{python}.txt").write_text("".join(lines))

    def enter(self, patch: pytest.MonkeyPatch) -> None:
        """Sets the environment of commands."""
        for name, value in self.tools.items():
            patch.setenv(name, value)
        patch.setenv("PRODUCTS", declare(self.directory / "products", sample_product(NATIVE)))
        patch.setenv("TURBINE_SOURCE", str(self.directory / "source.txt"))
        patch.setenv("TURBINE_LOCKS", " ".join(str(path) for path in self.locks.iterdir()))
        # Restrict pip to the index of this test.
        patch.setenv("PIP_CONFIG_FILE", "/dev/null")
        patch.setenv("PIP_NO_INDEX", "1")
        patch.setenv("PIP_FIND_LINKS", str(self.index))
        patch.setenv("IREE_RELEASE_CACHE", str(self.directory / "cache"))


class Scene:
    """A wheelhouse, and the command to fill it."""

    def __init__(self, world: World, wheelhouse: Path) -> None:
        self.world = world
        self.store = world.store
        self.wheelhouse = wheelhouse

    def run(self, *arguments: str) -> Result:
        """Runs the command."""
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
    """A world for tests that do not change it."""
    return World(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def finished(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A filled wheelhouse, for tests that do not change it."""
    scene = Scene(world, tmp_path_factory.mktemp("finished") / "wheelhouse")
    with pytest.MonkeyPatch.context() as patch:
        world.enter(patch)
        result = scene.run()
    assert result.exit_code == 0, result.output
    return scene.wheelhouse


@pytest.fixture
def scene(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """A scene without a wheelhouse."""
    world.enter(monkeypatch)
    return Scene(world, tmp_path / "wheelhouse")


@pytest.fixture
def filled(scene: Scene, finished: Path) -> Scene:
    """A scene with a copy of the filled wheelhouse."""
    shutil.copytree(finished, scene.wheelhouse)
    return scene


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """A scene in a new world, for tests that change it."""
    world = World(tmp_path)
    world.enter(monkeypatch)
    return Scene(world, tmp_path / "wheelhouse")


def test_it_holds_turbine_the_core_of_every_platform_and_dependencies(scene: Scene) -> None:
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
    assert f"iree-turbine {version} with Sample 3.14.0 is in" in result.stdout
    content = json.loads((scene.wheelhouse / "wheelhouse.json").read_bytes())
    assert {wheel["sha256"] for wheel in content["wheels"]} == {
        sha256(path) for path in scene.wheelhouse.glob("*.whl")
    }
    assert content["source"] == "pinned wheel iree_turbine-3.9.0-py3-none-any.whl"
    assert content["core_from"] == f"{scene.store.address} v3.14.0"


def test_the_core_wheels_are_identical_to_those_in_the_store(filled: Scene) -> None:
    for name, asset in filled.store.assets("v3.14.0").items():
        if name.startswith(("iree_compiler", "iree_runtime")) and name.endswith(".whl"):
            assert sha256(filled.wheelhouse / name) == asset.sha256


def test_another_release_of_the_core_can_be_named(own: Scene) -> None:
    """Catches: a turbine that requires 3.14.0 but ships with a nightly."""
    directory = make_release(own.world.directory / "nightly", "20261122.1", native=NATIVE)
    publish(own.store, directory, "candidate-20261122.1")
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
    "interrupt",
    [
        lambda directory: (directory / "wheelhouse.json").unlink(),
        lambda directory: next(directory.glob("iree_compiler*linux*")).unlink(),
        lambda directory: next(directory.glob("numpy*")).unlink(),
        lambda directory: (directory / ".half.whl").write_bytes(b"half"),
        lambda directory: (directory / ".fetch1").mkdir(),
    ],
)
def test_an_interrupted_run_is_completed(filled: Scene, interrupt: Callable[[Path], None]) -> None:
    before = state(filled.wheelhouse)
    interrupt(filled.wheelhouse)
    result = filled.run()
    assert result.exit_code == 0, result.output
    assert state(filled.wheelhouse) == before


def test_a_wheelhouse_of_another_version_is_refused_or_cleaned(scene: Scene) -> None:
    """Catches: a test of yesterday's turbine, and a push of today's."""
    scene.run("--core-pre-version", "rc20261124")
    before = state(scene.wheelhouse)
    result = scene.run()
    assert result.exit_code == 1
    assert "it was filled for version 3.14.0rc20261124, not 3.14.0" in result.stderr
    assert "refusing to mix releases: pass --clean" in result.stderr
    assert state(scene.wheelhouse) == before
    assert scene.run("--clean").exit_code == 0
    assert not any("rc20261124" in name for name in scene.wheels())


def test_a_wheelhouse_from_other_locks_is_refused(own: Scene) -> None:
    own.run()
    own.world.lock(LINUX, "315", "numpy==2.1", "other==315")
    result = own.run()
    assert result.exit_code == 1
    assert "from other locks" in result.stderr


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("numpy-1.9-py3-none-any.whl", "which is not part of 3.14.0"),
        ("notes.txt", "which is not a wheel"),
    ],
)
def test_unexpected_files_are_refused(scene: Scene, name: str, message: str) -> None:
    """Catches: an old wheel that an installer would prefer."""
    scene.wheelhouse.mkdir()
    (scene.wheelhouse / name).write_bytes(b"old")
    result = scene.run()
    assert result.exit_code == 1
    assert f"it contains {name}, {message}" in result.stderr
    assert scene.wheels() <= {name}


def test_cleaning_removes_only_wheels(scene: Scene) -> None:
    """Catches: --clean in the wrong directory."""
    scene.wheelhouse.mkdir()
    (scene.wheelhouse / "thesis.tex").write_text("years of work")
    result = scene.run("--clean")
    assert result.exit_code == 1
    assert "thesis.tex does not belong in a wheelhouse" in result.stderr
    assert (scene.wheelhouse / "thesis.tex").exists()


def test_a_corrupt_wheel_is_refused(filled: Scene) -> None:
    wheel = next(filled.wheelhouse.glob("iree_runtime*win*"))
    wheel.write_bytes(wheel.read_bytes() + b"\0")
    result = filled.run()
    assert result.exit_code == 1
    assert f"it contains {wheel.name}, which is not part of 3.14.0" in result.stderr


def test_without_downloads_only_the_turbine_wheels_are_made(scene: Scene) -> None:
    result = scene.run("--no-download")
    assert result.exit_code == 0, result.output
    assert {name.split("-")[0] for name in scene.wheels()} == {"iree_turbine", "shark_turbine"}
    assert "without Sample and dependencies" in result.stdout
    suite = ["--test", "--suite", __file__]
    assert scene.run("--no-download", *suite).exit_code == 1
    assert scene.run().exit_code == 0
    assert len(scene.wheels()) == 9


def test_the_dependencies_can_be_limited_to_one_python(scene: Scene) -> None:
    scene.run("--python", "3.15")
    assert "other-314-py3-none-any.whl" not in scene.wheels()


def test_a_checkout_is_built(scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The checkout has its own build backend, so that the build needs no download."""
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
    content = json.loads((scene.wheelhouse / "wheelhouse.json").read_bytes())
    assert content["source"] == f"checkout {checkout}"
    (checkout / "backend.py").write_text("def build_wheel(*_, **__):\n    raise SystemExit(3)\n")
    result = scene.run("--source", str(checkout))
    assert result.exit_code == 1
    assert f"{checkout}: pip failed to build a wheel" in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--core-release", "v3.15.0"], 1, "v3.15.0 is not published; promote a candidate to it"),
        (["--core-release", "main"], 2, "--core-release main: not a release tag"),
        (["--core-pre-version", "x"], 2, "--core-pre-version x: write it like rcYYYYMMDD"),
        (["--platform", WINDOWS], 2, f"--platform {WINDOWS} --python 3.14: no lock exists"),
        (["--platform", "plan9"], 2, "--platform plan9: v3.14.0 has no such platform"),
        (["--python", "2.7"], 2, "--python 2.7: no lock exists"),
        (["--source", "/none"], 2, "--source /none: no such checkout or wheel exists"),
        (["--suite", "/none"], 2, "--suite /none: no such file or directory exists"),
    ],
)
def test_invalid_options_are_reported_in_one_sentence(
    scene: Scene, arguments: list[str], code: int, message: str
) -> None:
    result = scene.run(*arguments)
    assert result.exit_code == code
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert not scene.wheelhouse.exists()


def test_a_locked_wheel_missing_on_the_registry_is_reported_and_the_run_resumed(
    own: Scene,
) -> None:
    other = own.world.index / "other-315-py3-none-any.whl"
    other.unlink()
    result = own.run()
    assert result.exit_code == 1
    assert "linux_x86_64-cp315.txt pins it" in result.stderr
    make_wheel(other, "other", "315")
    assert own.run().exit_code == 0


def test_a_wheel_that_does_not_match_the_manifest_is_refused(own: Scene) -> None:
    name = "iree_runtime-3.14.0-cp312-abi3-win_amd64.whl"
    (own.store.root / "releases" / "v3.14.0" / name).write_bytes(b"evil")
    result = own.run()
    assert result.exit_code == 1
    assert f"{name} of v3.14.0 does not match its manifest digest" in result.stderr
    assert name not in own.wheels()


def test_a_dry_run_changes_nothing(scene: Scene) -> None:
    result = scene.run("--dry-run")
    assert result.exit_code == 0
    assert "would ship with iree-compiler and iree-runtime 3.14.0 of v3.14.0" in result.stdout
    assert not scene.wheelhouse.exists()


@pytest.mark.parametrize("files", ["suite.py", "suite.py data.txt", "."])
def test_the_default_suite_is_the_directory_of_the_files_that_the_build_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: str
) -> None:
    """Catches: a suite that runs without the file that keeps pytest from our settings."""
    (tmp_path / "suite.py").touch()
    monkeypatch.chdir(tmp_path)
    assert smoke_test.suite_at(None, {"TURBINE_SUITE": files}) == tmp_path


def test_a_command_that_the_build_did_not_start_has_no_default_suite(scene: Scene) -> None:
    with pytest.raises(UsageError, match=r"\$TURBINE_SUITE is not set; pass --suite PATH, or"):
        smoke_test.suite_at(None, {})
    result = scene.run("--test")
    assert result.exit_code == 2
    assert not scene.wheelhouse.exists(), "it fails before it downloads anything"


def test_a_product_without_a_companion_has_no_turbine_release(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    abacus = make_product(name="abacus")
    products = declare(tmp_path / "products", sample_product(NATIVE), abacus)
    monkeypatch.setenv("PRODUCTS", products)
    result = scene.run("--product", "abacus")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.strip() == (
        "error: products/abacus declares no companion, and this command releases one; name another "
        "product with --product"
    )


def test_the_tools_of_another_product_make_no_companion_of_this_one(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches: the companion of one product, released under the name of another one's."""
    sample = sample_product(NATIVE)
    abacus = make_product(name="abacus", companion=sample.companion)
    monkeypatch.setenv("PRODUCTS", declare(tmp_path / "products", sample, abacus))
    monkeypatch.setenv("TURBINE_PRODUCT", "sample")
    assert scene.run("--dry-run").exit_code == 0
    result = scene.run("--product", "abacus", "--dry-run")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.strip() == (
        "error: products/abacus declares a companion, but this command has the tools of sample's; "
        "pass --product sample"
    )


@pytest.mark.parametrize(
    ("statuses", "code", "message"),
    [
        (["passed", "not run"], 0, ""),
        (["passed", "failed"], 1, "on Python 3.15: why"),
        (["not run", "not run"], 1, "was not tested on any Python"),
    ],
)
def test_a_failed_smoke_test_fails_the_command_and_so_do_tests_that_did_not_run(
    filled: Scene, monkeypatch: pytest.MonkeyPatch, statuses: list[Any], code: int, message: str
) -> None:
    remaining = iter(statuses)

    def run(_directory: Path, _wheelhouse: object, lock: Any, *_: object) -> SuiteOutcome:
        return SuiteOutcome(lock.platform, lock.python, next(remaining), "why", ("torch==2.13.0",))

    monkeypatch.setattr(smoke_test, "run_from_wheelhouse", run)
    monkeypatch.setenv("SMOKE_UV", str(shutil.which("true")))
    monkeypatch.setenv("TURBINE_SUITE", __file__)
    result = filled.run("--test", "--json")
    assert result.exit_code == code, result.output
    assert message in result.stderr
    outcomes = json.loads(result.stdout)["outcomes"]
    assert [one["status"] for one in outcomes] == statuses
