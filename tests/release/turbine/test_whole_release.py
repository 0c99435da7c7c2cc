"""A complete turbine release of the real packages, starting from a nightly, with the real gate.

A nightly is published and promoted, and turbine is built on it. The release is tested from its
wheelhouse alone, pushed to a registry, and tested again after an installation by name.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from release.cli import promote, publish, push, registry_status, turbine, verify_published
from release.gate.smoke.provided import ProvidedEquipment
from release.hosting.directory_store import DirectoryStore
from release.model import plan, wheelhouse
from release.model.document import read as read_document
from release.registry import verification
from release.registry.registry import Registry
from release.registry.verification import Verification
from release.turbine.smoke_test import suite_at
from release.turbine.tools import Tools
from tests.git import git
from tests.release.faults.tree import state
from tests.release.products import declare
from tests.release.promote.samples import at_version, restamp_tool
from tests.release.publish.samples import write_verdicts
from tests.release.turbine.samples import turbine_tools
from tests.servers.registry import servers
from tests.servers.registry.servers import PASSWORD, USER, EmptyRegistry, Server
from tests.servers.remote.proxy import Seen

COMMIT = "c" * 40
CANDIDATE, VERSION = "candidate-20261122.1", "3.14.0"
TURBINE = "3.14.0rc20261125"


@dataclass(frozen=True, slots=True)
class Scene:
    """The store, the registry and the wheelhouse of the release."""

    directory: Path
    store: DirectoryStore
    server: Server
    registry: EmptyRegistry
    """An empty registry on that server."""

    @property
    def wheelhouse(self) -> Path:
        """The wheelhouse."""
        return self.directory / "wheelhouse"

    def run(self, app: typer.Typer, *arguments: str, code: int = 0) -> Result:
        """Runs a command, and checks its exit code."""
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == code, result.output
        return result

    def publish(self) -> Result:
        """Publishes the nightly."""
        nightly = at_version(
            Path(os.environ["PLAN"]).absolute(), "20261122.1", self.directory / "nightly"
        )
        # tests/packaging/set checks these files; here the gate checks those of the promotion.
        verdicts = write_verdicts(nightly, self.directory / "verdicts")
        result = self.run(
            publish.app,
            *("--store", self.store.address, "--from", str(nightly), "--commit", COMMIT),
            *("--verdicts", str(verdicts)),
        )
        for directory in (nightly, verdicts):
            shutil.rmtree(directory)
        return result

    def promote(self) -> Result:
        """Promotes the nightly, which has no smoke test results."""
        return self.run(
            promote.app,
            *("--store", self.store.address),
            *(
                "--candidate",
                CANDIDATE,
                "--version",
                VERSION,
                "--work",
                str(self.directory / "work"),
            ),
            *("--override", "age=a test", "--override", "verdicts=a test"),
        )

    def turbine(self, *more: str) -> Result:
        """Makes the turbine release."""
        return self.run(
            turbine.app,
            *("--store", self.store.address),
            *("--core-version", VERSION, "--core-pre-version", "rcYYYYMMDD"),
            *("--date", "2026-11-25", "--python", "3.11"),
            *("--wheelhouse", str(self.wheelhouse), *more),
        )

    def push(self) -> Result:
        """Pushes the wheelhouse."""
        return self.run(
            push.app,
            *("--registry", self.registry.upload, "--index", self.registry.index),
            *("--from", str(self.wheelhouse)),
        )

    def verify(self, *more: str, code: int = 0) -> Result:
        """Installs the release from the registry, and tests it."""
        return self.run(
            verify_published.app,
            *("--index", self.registry.index, "--from", str(self.wheelhouse), *more),
            code=code,
        )

    def uploads(self) -> list[Seen]:
        """The upload requests that the registry received."""
        return [seen for seen in self.registry.proxy.seen if seen.method == "POST"]


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    directory = tmp_path_factory.mktemp("release")
    checkout = directory / "checkout"
    checkout.mkdir()
    git(checkout, "init", "--quiet")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BUILD_WORKSPACE_DIRECTORY", str(checkout))
        product = plan.read(Path(os.environ["PLAN"])).product
        patch.setenv("PRODUCTS", declare(directory / "products", product))
        patch.setenv("RESTAMP", str(restamp_tool(directory / "restamp")))
        for name, value in turbine_tools(directory).items():
            patch.setenv(name, value)
        # Wheels that Bazel fetched replace the registry of the dependencies.
        links = {str(Path(path).absolute().parent) for path in os.environ["INDEX"].split()}
        patch.setenv("PIP_CONFIG_FILE", os.devnull)
        patch.setenv("PIP_NO_INDEX", "1")
        patch.setenv("PIP_FIND_LINKS", " ".join(sorted(links)))
        patch.setenv("IREE_RELEASE_CACHE", str(directory / "cache"))
        patch.setenv("TWINE_USERNAME", USER)
        patch.setenv("TWINE_PASSWORD", PASSWORD)
        (directory / "registry").mkdir()
        with servers.serve("devpi", directory / "registry") as server:
            yield Scene(
                directory, DirectoryStore(directory / "store"), server, server.empty_registry()
            )
    shutil.rmtree(directory)


def test_a_nightly_becomes_a_turbine_release_that_works(scene: Scene) -> None:
    scene.publish()
    scene.promote()
    manifest = read_document(
        scene.store.root / "releases" / f"v{VERSION}" / "manifest.json", "manifest", dict
    )
    assert manifest["promoted_from"] == CANDIDATE
    tested = scene.turbine("--test")
    assert "passed: linux_x86_64 Python 3.11" in tested.stderr
    frozen = set(tested.stdout.splitlines())
    assert {f"iree-turbine=={TURBINE}", f"iree-compiler=={VERSION}"} <= frozen
    assert ": 14 uploaded" in scene.push().stdout
    uploads = scene.uploads()
    verified = scene.verify()
    assert scene.uploads() == uploads, "the verification uploaded files"
    assert "all 14 wheels on" in verified.stderr
    assert "passed: linux_x86_64 Python 3.11" in verified.stderr
    scene.run(
        registry_status.app,
        *("--index", scene.registry.index, "--from", str(scene.wheelhouse)),
        # The packages for TensorFlow are not part of a turbine release.
        code=1,
    )


def test_a_second_run_of_each_step_changes_nothing(scene: Scene) -> None:
    directories = (scene.store.root, scene.wheelhouse)
    before = [state(directory) for directory in directories]
    scene.publish()
    assert "was already promoted" in scene.promote().stdout
    scene.turbine()
    assert [state(directory) for directory in directories] == before
    uploads = scene.uploads()
    assert ": 14 present" in scene.push().stdout
    assert scene.uploads() == uploads


def test_local_wheels_and_settings_do_not_make_a_verification_pass(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches: a configuration file or a directory of wheels that replaces the registry."""
    links = str(scene.wheelhouse)
    settings = tmp_path / "pip.conf"
    settings.write_text(f"[global]\nfind-links = {links}\n")
    (tmp_path / ".config" / "pip").mkdir(parents=True)
    shutil.copy(settings, tmp_path / ".config" / "pip" / "pip.conf")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("UV_FIND_LINKS", links)
    monkeypatch.setenv("PYTHONPATH", links)
    pushed = wheelhouse.read(scene.wheelhouse / "wheelhouse.json")
    empty = Verification(
        Registry.open(scene.server.empty_registry().index),
        pushed,
        suite_at(None),
        ProvidedEquipment.from_environment(),
        Tools.from_environment("iree-turbine"),
        print,
    )
    outcome = verification.verify(empty, pushed.locks[0])
    assert outcome.status == "failed"
    assert f"No matching distribution found for iree-turbine=={TURBINE}" in outcome.detail


def test_a_release_that_was_never_pushed_is_reported_by_name(scene: Scene, tmp_path: Path) -> None:
    """Wheels of another version on the registry do not count."""
    other = tmp_path / "wheelhouse"
    other.mkdir()
    text = (scene.wheelhouse / "wheelhouse.json").read_text()
    (other / "wheelhouse.json").write_text(text.replace(TURBINE, "3.14.0rc20261126"))
    result = scene.run(
        verify_published.app, "--index", scene.registry.index, "--from", str(other), code=1
    )
    assert "iree_turbine-3.14.0rc20261126-py3-none-any.whl is missing" in result.stderr
