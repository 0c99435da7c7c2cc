"""Verification: a release is installed by name from a registry, and held against its wheels."""

from __future__ import annotations

import json
import os
import platform as machine
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from release.cli import push, verify_published
from release.gate.smoke.equipment import Interpreter
from release.gate.smoke.provided import ProvidedEquipment
from release.model import release_dir
from release.model.errors import RemoteError
from release.model.plan import Platform
from release.model.wheelhouse import Lock, Role, Wheelhouse, WheelhouseWheel
from release.registry import verification
from release.registry.registry import Registry
from release.registry.verification import Verification
from release.turbine.smoke_test import SuiteOutcome
from release.turbine.tools import Tools
from tests.release.publish.samples import make_wheel
from tests.release.turbine.samples import turbine_tools
from tests.servers.registry.servers import Place
from tests.servers.remote.front import Fault

VERSION, CORE, PYTHON = "3.14.0rc20261125", "3.14.0", "3.11"
RUNNER = "import runpy, sys\nrunpy.run_path(sys.argv[-1])\nprint('1 passed')\n"
"""What stands for pytest."""
HERE = Platform("here", machine.system().lower(), machine.machine(), None, None, ("any",))


def wheel_name(project: str, version: str) -> str:
    """The name of a wheel without native files."""
    return f"{project.replace('-', '_')}-{version}-py3-none-any.whl"


class Scene:
    """A small release on a registry, and the machine that verifies it."""

    def __init__(self, place: Path, on: Place) -> None:
        self.directory = place
        self.place = on
        self.wheelhouse = place / "wheelhouse"
        self.wheelhouse.mkdir()
        self.index = place / "index"
        self.index.mkdir()
        self.suite = place / "suite.py"
        self.suite.write_text("import iree_turbine, iree_compiler, torch\n")
        self.said: list[str] = []
        self.wheels: list[WheelhouseWheel] = []
        for project in ("iree-compiler", "iree-runtime"):
            self.add(project, CORE, "core")
        self.turbine(VERSION, f"iree-compiler=={CORE}", f"iree-runtime=={CORE}", "torch")
        self.add("torch", "2.0", "dependency")
        self.add("pytest", "1.0", "dependency", modules={"pytest/__main__.py": RUNNER})

    def add(
        self,
        project: str,
        version: str,
        role: Role,
        requires: Sequence[str] = (),
        modules: Mapping[str, str] | None = None,
    ) -> None:
        """Makes a wheel of the release, or one that it requires."""
        at = self.index if role == "dependency" else self.wheelhouse
        path = at / wheel_name(project, version)
        make_wheel(path, project, version, requires=requires, modules=modules)
        self.state(path, project, version, role)

    def turbine(self, version: str, *requires: str) -> None:
        """Makes the two wheels of a turbine release."""
        self.add("iree-turbine", version, "turbine", requires)
        self.add("shark-turbine", version, "turbine", [f"iree-turbine=={version}"])

    def state(self, path: Path, project: str, version: str, role: Role) -> None:
        """States a wheel, instead of the one of that project that was stated before."""
        name = None if role == "dependency" else path.name
        self.wheels = [wheel for wheel in self.wheels if wheel.project != project]
        self.wheels.append(WheelhouseWheel(project, version, release_dir.sha256(path), role, name))

    def statement(self) -> Wheelhouse:
        """What was pushed."""
        needed = tuple(wheel for wheel in self.wheels if wheel.role == "dependency")
        stated = Wheelhouse(
            version=VERSION,
            core=CORE,
            core_from="directory:store v3.14.0",
            commit="c" * 40,
            source="a sample",
            wheels=tuple(self.wheels),
            platforms=(HERE,),
            locks=(Lock("here", PYTHON, tuple(wheel.sha256 for wheel in needed)),),
        )
        (self.wheelhouse / "wheelhouse.json").write_bytes(stated.to_json())
        (self.directory / "here-cp311.txt").write_text(
            "".join(f"{w.project}=={w.version} --hash=sha256:{w.sha256}\n" for w in needed)
        )
        return stated

    def push(self) -> None:
        """Pushes what was made."""
        self.statement()
        where = ["--registry", self.place.upload, "--index", self.place.index]
        result = CliRunner().invoke(push.app, [*where, "--from", str(self.wheelhouse)])
        assert result.exit_code == 0, result.output

    def verify(self) -> SuiteOutcome:
        """Installs it from the registry, and tries it."""
        made = Verification(
            Registry.open(self.place.index),
            self.statement(),
            self.suite,
            self.equipment(),
            Tools.from_environment(),
            self.said.append,
        )
        return verification.verify(made, made.wheelhouse.locks[0])

    def equipment(self) -> ProvidedEquipment:
        """This Python, and the installer."""
        python = Interpreter(PYTHON, machine.python_version(), Path(sys.executable))
        return ProvidedEquipment(Path(os.environ["TRIAL_UV"]), {PYTHON: python})

    def run(self, *arguments: str) -> Result:
        """Calls the verb."""
        self.statement()
        fixed = ["--index", self.place.index, "--from", str(self.wheelhouse)]
        return CliRunner().invoke(verify_published.app, [*fixed, *arguments])


@pytest.fixture
def scene(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    made = Scene(tmp_path, place)
    for name, value in turbine_tools(tmp_path).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("TURBINE_SOURCE", "none")
    monkeypatch.setenv("TURBINE_LOCKS", str(tmp_path / "here-cp311.txt"))
    monkeypatch.setenv("TRIAL_UV", os.environ.get("TRIAL_UV") or str(shutil.which("uv")))
    # Where what it requires is fetched from is no matter of the registry.
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(made.index))
    monkeypatch.setenv("IREE_RELEASE_CACHE", str(tmp_path / "cache"))
    made.push()
    return made


def test_what_was_pushed_is_installed_by_name_held_against_it_and_tried(scene: Scene) -> None:
    outcome = scene.verify()
    assert outcome.status == "passed", outcome.detail
    assert outcome.detail.endswith("1 passed")
    # Four wheels, each of five files that RECORD has a digest of.
    required = "iree-turbine requires on here with Python 3.11"
    assert scene.said == [
        f"fetching 2 wheels that {required} (about 193 MB), once",
        "Python 3.11: 20 installed files are those published",
    ]
    assert f"iree-turbine=={VERSION}" in outcome.frozen


def test_a_suite_that_fails_is_a_failure(scene: Scene) -> None:
    scene.suite.write_text("import sys\nsys.exit('numbers differ')\n")
    outcome = scene.verify()
    assert outcome.status == "failed"
    assert "the suite fails: numbers differ" in outcome.detail


def test_what_nobody_stated_is_not_installed_unseen(scene: Scene) -> None:
    """Catches: a requirement that the registry fills with whatever it has under that name."""
    scene.add("iree-tools-tf", CORE, "core")
    scene.turbine("3.14.1", f"iree-compiler=={CORE}", f"iree-runtime=={CORE}", "iree-tools-tf")
    scene.push()
    scene.wheels = [wheel for wheel in scene.wheels if wheel.project != "iree-tools-tf"]
    outcome = scene.verify()
    assert outcome.status == "failed"
    assert "installed is what nobody pushed: iree-tools-tf 3.14.0" in outcome.detail


def test_a_package_of_the_release_that_does_not_come_with_it_is_told(scene: Scene) -> None:
    """Catches: a turbine that forgot to require what it ships with."""
    scene.turbine("3.14.1", f"iree-compiler=={CORE}", "torch")
    scene.push()
    outcome = scene.verify()
    assert outcome.status == "failed"
    assert "iree-runtime is of the release, and does not come with it" in outcome.detail


def test_bytes_that_are_not_those_pushed_are_found(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches: a registry, or a proxy before it, that sends something else."""

    def other(_: Registry, project: str, name: str, target: Path) -> None:
        make_wheel(target, project, CORE, salt="other")

    monkeypatch.setattr(Registry, "download", other)
    outcome = scene.verify()
    assert outcome.status == "failed"
    assert "it sends other bytes of iree_compiler-3.14.0-py3-none-any.whl" in outcome.detail


def test_files_that_are_not_those_of_the_wheel_are_found(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches: an installer that took the wheel from somewhere else."""
    name = wheel_name("iree-compiler", CORE)
    (tmp_path / "published").mkdir()
    published = make_wheel(tmp_path / "published" / name, "iree-compiler", CORE, salt="other")
    scene.state(published, "iree-compiler", CORE, "core")

    def download(_: Registry, project: str, name: str, target: Path) -> None:
        own = project == "iree-compiler"
        shutil.copy(published if own else scene.wheelhouse / name, target)

    monkeypatch.setattr(Registry, "download", download)
    outcome = scene.verify()
    assert outcome.status == "failed"
    assert "iree_compiler/__init__.py of iree-compiler, as installed, is not" in outcome.detail


def test_a_digest_that_the_index_tells_wrongly_stops_the_installer(scene: Scene) -> None:
    scene.place.front.inject(Fault("wrong digest"), path="iree-turbine/")
    outcome = scene.verify()
    assert outcome.status == "failed"
    assert "DO NOT MATCH THE HASHES" in outcome.detail


def test_a_registry_that_goes_away_is_no_verdict(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches: a failed release at 3 a.m., because the network was down."""
    stated = scene.statement()
    away = "http://127.0.0.1:9/simple/"
    monkeypatch.setenv("IREE_RELEASE_PATIENCE", "1:0.01:600")
    made = Verification(
        Registry.open(away),
        stated,
        scene.suite,
        scene.equipment(),
        Tools.from_environment(),
        print,
    )
    with pytest.raises(RemoteError, match=r"127\.0\.0\.1:9 cannot be reached"):
        verification.verify(made, stated.locks[0])


def test_a_wheel_that_is_missing_is_told_before_anything_is_installed(
    scene: Scene,
) -> None:
    scene.wheels = [wheel for wheel in scene.wheels if wheel.project != "iree-runtime"]
    scene.add("iree-runtime", "3.14.1", "core")
    result = scene.run()
    assert result.exit_code == 1
    assert "iree_runtime-3.14.1-py3-none-any.whl is not there; push it again" in result.stderr


def test_a_file_of_that_version_that_nobody_pushed_is_told(scene: Scene, tmp_path: Path) -> None:
    """Catches: a build number, which installers prefer."""
    name = f"iree_turbine-{VERSION}-1-py3-none-any.whl"
    stray = make_wheel(tmp_path / name, "iree-turbine", VERSION, salt="stray")
    registry = Registry.open(scene.place.index, scene.place.upload)
    registry.put(stray, "iree-turbine", release_dir.sha256(stray))
    result = scene.run()
    assert result.exit_code == 1
    assert f"{name} is there, of that very version, and nobody stated it" in result.stderr


def test_where_nothing_can_be_tried_it_is_no_pass(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches: a green job on a machine without that Python."""
    monkeypatch.setenv("TRIAL_INTERPRETERS", "")
    result = scene.run("--json")
    assert result.exit_code == 1, result.output
    assert "not run: here Python 3.11: there is no Python 3.11 here" in result.stderr
    assert "was not tried on any Python, for the reasons above" in result.stderr
    assert [one["status"] for one in json.loads(result.stdout)["outcomes"]] == ["not run"]


def test_a_dry_run_says_what_it_would_do(scene: Scene) -> None:
    scene.place.front.calm()
    result = scene.run("--dry-run")
    assert result.exit_code == 0
    assert "against 4 digests" in result.stdout
    assert f"would install iree-turbine {VERSION} from {scene.place.index}" in result.stdout
    assert not scene.place.front.seen


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--python", "3.9"], "it was gathered for no Python 3.9"),
        (["--suite", "/none"], "--suite /none: there is no such file or directory"),
        (["--from", "/none"], "/none/wheelhouse.json"),
    ],
)
def test_wrong_input_gets_one_sentence(scene: Scene, arguments: list[str], told: str) -> None:
    result = scene.run(*arguments)
    assert result.exit_code == 2
    assert told in result.stderr
    assert len(result.stderr.splitlines()) == 1
