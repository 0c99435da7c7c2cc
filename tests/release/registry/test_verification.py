"""Tests of verification: a release is installed by name from a registry, and checked."""

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
from release.model.document import dumps
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
from tests.servers.registry.servers import EmptyRegistry
from tests.servers.remote.proxy import Fault

VERSION, CORE, PYTHON = "3.14.0rc20261125", "3.14.0", "3.11"
RUNNER = "import runpy, sys\nrunpy.run_path(sys.argv[-1])\nprint('1 passed')\n"
"""A stand-in for pytest."""
HERE = Platform("here", machine.system().lower(), machine.machine(), None, None, ("any",))


def wheel_name(project: str, version: str) -> str:
    """The file name of a pure wheel."""
    return f"{project.replace('-', '_')}-{version}-py3-none-any.whl"


class Scene:
    """A small release on a registry, and the machine that verifies it."""

    def __init__(self, directory: Path, registry: EmptyRegistry) -> None:
        self.directory = directory
        self.registry = registry
        self.wheelhouse = directory / "wheelhouse"
        self.wheelhouse.mkdir()
        self.index = directory / "index"
        self.index.mkdir()
        self.suite = directory / "suite.py"
        self.suite.write_text("import iree_turbine, iree_compiler, torch\n")
        self.messages: list[str] = []
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
        """Makes a wheel of the release or of a dependency."""
        at = self.index if role == "dependency" else self.wheelhouse
        path = at / wheel_name(project, version)
        make_wheel(path, project, version, requires=requires, modules=modules)
        self.list_wheel(path, project, version, role)

    def turbine(self, version: str, *requires: str) -> None:
        """Makes the two wheels of a turbine release."""
        self.add("iree-turbine", version, "turbine", requires)
        self.add("shark-turbine", version, "turbine", [f"iree-turbine=={version}"])

    def list_wheel(self, path: Path, project: str, version: str, role: Role) -> None:
        """Lists a wheel in the wheelhouse, in place of any other wheel of the project."""
        name = None if role == "dependency" else path.name
        self.wheels = [wheel for wheel in self.wheels if wheel.project != project]
        self.wheels.append(WheelhouseWheel(project, version, release_dir.sha256(path), role, name))

    def write_lists(self) -> Wheelhouse:
        """Writes wheelhouse.json and the lock, and returns the wheelhouse."""
        dependencies = tuple(wheel for wheel in self.wheels if wheel.role == "dependency")
        wheelhouse = Wheelhouse(
            version=VERSION,
            core=CORE,
            core_from="directory:store v3.14.0",
            commit="c" * 40,
            source="a sample",
            wheels=tuple(self.wheels),
            platforms=(HERE,),
            locks=(Lock("here", PYTHON, tuple(wheel.sha256 for wheel in dependencies)),),
        )
        (self.wheelhouse / "wheelhouse.json").write_bytes(dumps(wheelhouse.to_json()))
        (self.directory / "here-cp311.txt").write_text(
            "".join(f"{w.project}=={w.version} --hash=sha256:{w.sha256}\n" for w in dependencies)
        )
        return wheelhouse

    def push(self) -> None:
        """Pushes the wheelhouse."""
        self.write_lists()
        fixed = ["--registry", self.registry.upload, "--index", self.registry.index]
        result = CliRunner().invoke(push.app, [*fixed, "--from", str(self.wheelhouse)])
        assert result.exit_code == 0, result.output

    def verify(self) -> SuiteOutcome:
        """Installs the release from the registry, and tests it."""
        this = Verification(
            Registry.open(self.registry.index),
            self.write_lists(),
            self.suite,
            self.equipment(),
            Tools.from_environment("iree-turbine"),
            self.messages.append,
        )
        return verification.verify(this, this.wheelhouse.locks[0])

    def equipment(self) -> ProvidedEquipment:
        """This Python, and the installer."""
        python = Interpreter(PYTHON, machine.python_version(), Path(sys.executable))
        return ProvidedEquipment(Path(os.environ["SMOKE_UV"]), {PYTHON: python})

    def run(self, *arguments: str) -> Result:
        """Runs the command."""
        self.write_lists()
        fixed = ["--index", self.registry.index, "--from", str(self.wheelhouse)]
        return CliRunner().invoke(verify_published.app, [*fixed, *arguments])


@pytest.fixture
def scene(registry: EmptyRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    scene = Scene(tmp_path, registry)
    for name, value in turbine_tools(tmp_path).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("TURBINE_SOURCE", "none")
    monkeypatch.setenv("TURBINE_SUITE", str(scene.suite))
    monkeypatch.setenv("TURBINE_LOCKS", str(tmp_path / "here-cp311.txt"))
    monkeypatch.setenv("SMOKE_UV", os.environ.get("SMOKE_UV") or str(shutil.which("uv")))
    # Dependencies come from a local index, not from the registry.
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(scene.index))
    monkeypatch.setenv("IREE_RELEASE_CACHE", str(tmp_path / "cache"))
    scene.push()
    return scene


def test_a_release_is_installed_by_name_checked_and_tested(scene: Scene) -> None:
    outcome = scene.verify()
    assert outcome.status == "passed", outcome.detail
    assert outcome.detail.endswith("1 passed")
    # Four wheels with five files each that have a digest in RECORD.
    required = "iree-turbine requires on here with Python 3.11"
    assert scene.messages == [
        f"fetching 2 wheels that {required} (about 193 MB), once",
        "Python 3.11: 20 installed files match the published wheels",
    ]
    assert f"iree-turbine=={VERSION}" in outcome.frozen


def test_a_failing_suite_is_reported(scene: Scene) -> None:
    scene.suite.write_text("import sys\nsys.exit('numbers differ')\n")
    outcome = scene.verify()
    assert outcome.status == "failed"
    assert "the suite failed: numbers differ" in outcome.detail


def test_installed_packages_that_were_not_pushed_are_reported(scene: Scene) -> None:
    """Catches: a requirement that any project with that name on the registry satisfies."""
    scene.add("iree-tools-tf", CORE, "core")
    scene.turbine("3.14.1", f"iree-compiler=={CORE}", f"iree-runtime=={CORE}", "iree-tools-tf")
    scene.push()
    scene.wheels = [wheel for wheel in scene.wheels if wheel.project != "iree-tools-tf"]
    outcome = scene.verify()
    assert outcome.status == "failed"
    assert "installed packages that were not pushed: iree-tools-tf 3.14.0" in outcome.detail


def test_a_package_of_the_release_that_is_not_installed_is_reported(scene: Scene) -> None:
    """Catches: an iree-turbine that does not require a package of its release."""
    scene.turbine("3.14.1", f"iree-compiler=={CORE}", "torch")
    scene.push()
    outcome = scene.verify()
    assert outcome.status == "failed"
    assert "iree-runtime is part of the release, but was not installed" in outcome.detail


def test_a_download_that_differs_from_the_pushed_wheel_is_reported(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches: a registry, or a proxy in front of it, that sends different files."""

    def other(_: Registry, project: str, name: str, target: Path) -> None:
        make_wheel(target, project, CORE, salt="other")

    monkeypatch.setattr(Registry, "download", other)
    outcome = scene.verify()
    assert outcome.status == "failed"
    message = "iree_compiler-3.14.0-py3-none-any.whl differs from the wheel that was pushed"
    assert message in outcome.detail


def test_installed_files_that_differ_from_the_wheel_are_reported(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches: an installer that used a wheel from elsewhere."""
    name = wheel_name("iree-compiler", CORE)
    (tmp_path / "published").mkdir()
    published = make_wheel(tmp_path / "published" / name, "iree-compiler", CORE, salt="other")
    scene.list_wheel(published, "iree-compiler", CORE, "core")

    def download(_: Registry, project: str, name: str, target: Path) -> None:
        own = project == "iree-compiler"
        shutil.copy(published if own else scene.wheelhouse / name, target)

    monkeypatch.setattr(Registry, "download", download)
    outcome = scene.verify()
    assert outcome.status == "failed"
    message = "iree_compiler/__init__.py of iree-compiler differs from the published wheel"
    assert message in outcome.detail


def test_a_wrong_digest_in_the_index_stops_the_installer(scene: Scene) -> None:
    scene.registry.proxy.inject(Fault("wrong digest"), path="iree-turbine/")
    outcome = scene.verify()
    assert outcome.status == "failed"
    assert "DO NOT MATCH THE HASHES" in outcome.detail


def test_an_unreachable_registry_gives_no_verdict(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches: a failed release because the network was down."""
    wheelhouse = scene.write_lists()
    unreachable = "http://127.0.0.1:9/simple/"
    monkeypatch.setenv("IREE_RELEASE_PATIENCE", "1:0.01:600")
    this = Verification(
        Registry.open(unreachable),
        wheelhouse,
        scene.suite,
        scene.equipment(),
        Tools.from_environment("iree-turbine"),
        print,
    )
    with pytest.raises(RemoteError, match=r"127\.0\.0\.1:9 cannot be reached"):
        verification.verify(this, wheelhouse.locks[0])


def test_a_missing_wheel_is_reported_before_anything_is_installed(
    scene: Scene,
) -> None:
    scene.wheels = [wheel for wheel in scene.wheels if wheel.project != "iree-runtime"]
    scene.add("iree-runtime", "3.14.1", "core")
    result = scene.run()
    assert result.exit_code == 1
    assert "iree_runtime-3.14.1-py3-none-any.whl is missing; push it again" in result.stderr


def test_an_unexpected_wheel_of_the_same_version_is_reported(scene: Scene, tmp_path: Path) -> None:
    """Catches: a wheel with a build number, which installers prefer."""
    name = f"iree_turbine-{VERSION}-1-py3-none-any.whl"
    unexpected = make_wheel(tmp_path / name, "iree-turbine", VERSION, salt="stray")
    registry = Registry.open(scene.registry.index, scene.registry.upload)
    registry.put(unexpected, "iree-turbine", release_dir.sha256(unexpected))
    result = scene.run()
    assert result.exit_code == 1
    assert f"{name} has the version of the release, but is not part of it" in result.stderr


def test_a_verification_without_any_test_run_does_not_pass(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches: a green job on a machine without that Python."""
    monkeypatch.setenv("SMOKE_INTERPRETERS", "")
    result = scene.run("--json")
    assert result.exit_code == 1, result.output
    assert "not run: here Python 3.11: Python 3.11 is not available" in result.stderr
    assert "was not tested on any Python, for the reasons above" in result.stderr
    assert [one["status"] for one in json.loads(result.stdout)["outcomes"]] == ["not run"]


def test_a_dry_run_prints_what_it_would_do(scene: Scene) -> None:
    scene.registry.proxy.reset()
    result = scene.run("--dry-run")
    assert result.exit_code == 0
    assert "would check 4 digests on" in result.stdout
    assert f"would install iree-turbine {VERSION} from {scene.registry.index}" in result.stdout
    assert not scene.registry.proxy.seen


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--python", "3.9"], "the wheelhouse has no lock for Python 3.9"),
        (["--suite", "/none"], "--suite /none: no such file or directory exists"),
        (["--from", "/none"], "/none: neither a wheelhouse nor a release; pass --from DIR"),
    ],
)
def test_invalid_options_are_reported_in_one_sentence(
    scene: Scene, arguments: list[str], message: str
) -> None:
    result = scene.run(*arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1
