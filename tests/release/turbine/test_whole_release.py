"""A whole turbine release of the real packages, from a nightly on, with the real gate.

A nightly is published and promoted, turbine is built on it, tried from its wheelhouse alone, pushed
to a registry, and tried again as who installs it from there by name.
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
from release.model import wheelhouse
from release.model.document import read as read_document
from release.registry import verification
from release.registry.registry import Registry
from release.registry.verification import Verification
from release.turbine.smoke_test import SUITE
from release.turbine.tools import Tools
from tests.git import git
from tests.release.faults.tree import state
from tests.release.promote.samples import at_version, restamp_tool
from tests.release.publish.samples import write_verdicts
from tests.release.turbine.samples import turbine_tools
from tests.servers.registry import servers
from tests.servers.registry.servers import PASSWORD, USER, Place, Server
from tests.servers.remote.front import Seen

COMMIT = "c" * 40
CANDIDATE, VERSION = "candidate-20261122.1", "3.14.0"
TURBINE = "3.14.0rc20261125"


@dataclass(frozen=True, slots=True)
class Scene:
    """A machine that releases."""

    directory: Path
    store: DirectoryStore
    server: Server
    place: Place
    """On that registry."""

    @property
    def wheelhouse(self) -> Path:
        """The wheelhouse."""
        return self.directory / "wheelhouse"

    def run(self, app: typer.Typer, *arguments: str, code: int = 0) -> Result:
        """Calls a verb, which ends with a code."""
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == code, result.output
        return result

    def publish(self) -> Result:
        """Publishes the nightly."""
        nightly = at_version(
            Path(os.environ["PLAN"]).absolute(), "20261122.1", self.directory / "nightly"
        )
        # tests/packaging/set checks these files; here the gate judges those of the promotion.
        verdicts = write_verdicts(nightly, self.directory / "verdicts")
        told = self.run(
            publish.app,
            *("--store", self.store.address, "--from", str(nightly), "--commit", COMMIT),
            *("--verdicts", str(verdicts)),
        )
        for directory in (nightly, verdicts):
            shutil.rmtree(directory)
        return told

    def promote(self) -> Result:
        """Promotes the nightly, which was only inspected."""
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
            *("--registry", self.place.upload, "--index", self.place.index),
            *("--from", str(self.wheelhouse)),
        )

    def verify(self, *more: str, code: int = 0) -> Result:
        """Installs it from the registry, and tries it."""
        return self.run(
            verify_published.app,
            *("--index", self.place.index, "--from", str(self.wheelhouse), *more),
            code=code,
        )

    def uploads(self) -> list[Seen]:
        """What the registry was sent."""
        return [seen for seen in self.place.front.seen if seen.method == "POST"]


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    directory = tmp_path_factory.mktemp("release")
    checkout = directory / "checkout"
    checkout.mkdir()
    git(checkout, "init", "--quiet")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BUILD_WORKSPACE_DIRECTORY", str(checkout))
        patch.setenv("RESTAMP", str(restamp_tool(directory / "restamp")))
        for name, value in turbine_tools(directory).items():
            patch.setenv(name, value)
        # What Bazel fetched takes the place of the registry.
        links = {str(Path(path).absolute().parent) for path in os.environ["INDEX"].split()}
        patch.setenv("PIP_CONFIG_FILE", os.devnull)
        patch.setenv("PIP_NO_INDEX", "1")
        patch.setenv("PIP_FIND_LINKS", " ".join(sorted(links)))
        patch.setenv("IREE_RELEASE_CACHE", str(directory / "cache"))
        patch.setenv("TWINE_USERNAME", USER)
        patch.setenv("TWINE_PASSWORD", PASSWORD)
        (directory / "registry").mkdir()
        with servers.serve("devpi", directory / "registry") as server:
            yield Scene(directory, DirectoryStore(directory / "store"), server, server.place())
    shutil.rmtree(directory)


def test_a_nightly_becomes_a_turbine_release_that_works(scene: Scene) -> None:
    scene.publish()
    scene.promote()
    manifest = read_document(
        scene.store.root / "releases" / f"v{VERSION}" / "manifest.json", "manifest", dict
    )
    assert manifest["promoted_from"] == CANDIDATE
    tried = scene.turbine("--test")
    assert "passed: linux_x86_64 Python 3.11" in tried.stderr
    frozen = set(tried.stdout.splitlines())
    assert {f"iree-turbine=={TURBINE}", f"iree-compiler=={VERSION}"} <= frozen
    assert ": 14 uploaded" in scene.push().stdout
    uploads = scene.uploads()
    verified = scene.verify()
    assert scene.uploads() == uploads, "verifying has uploaded"
    assert "has all 14 wheels as they were pushed" in verified.stderr
    assert "passed: linux_x86_64 Python 3.11" in verified.stderr
    scene.run(
        registry_status.app,
        *("--index", scene.place.index, "--from", str(scene.wheelhouse)),
        # The packages for TensorFlow are not part of a turbine release.
        code=1,
    )


def test_a_second_run_of_each_step_changes_nothing(scene: Scene) -> None:
    places = (scene.store.root, scene.wheelhouse)
    before = [state(place) for place in places]
    scene.publish()
    assert "was promoted before" in scene.promote().stdout
    scene.turbine()
    assert [state(place) for place in places] == before
    uploads = scene.uploads()
    assert ": 14 present" in scene.push().stdout
    assert scene.uploads() == uploads


def test_leftovers_of_this_machine_do_not_make_a_verification_pass(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches: a configuration, or a directory of wheels, that stands in for the registry."""
    links = str(scene.wheelhouse)
    settings = tmp_path / "pip.conf"
    settings.write_text(f"[global]\nfind-links = {links}\n")
    (tmp_path / ".config" / "pip").mkdir(parents=True)
    shutil.copy(settings, tmp_path / ".config" / "pip" / "pip.conf")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("UV_FIND_LINKS", links)
    monkeypatch.setenv("PYTHONPATH", links)
    stated = wheelhouse.read(scene.wheelhouse / "wheelhouse.json")
    empty = Verification(
        Registry.open(scene.server.place().index),
        stated,
        SUITE,
        ProvidedEquipment.from_environment(),
        Tools.from_environment(),
        print,
    )
    outcome = verification.verify(empty, stated.locks[0])
    assert outcome.status == "failed"
    assert f"No matching distribution found for iree-turbine=={TURBINE}" in outcome.detail


def test_a_release_that_was_never_pushed_is_told_by_name(scene: Scene, tmp_path: Path) -> None:
    """Of the same wheels another version: what is there does not count for it."""
    other = tmp_path / "wheelhouse"
    other.mkdir()
    text = (scene.wheelhouse / "wheelhouse.json").read_text()
    (other / "wheelhouse.json").write_text(text.replace(TURBINE, "3.14.0rc20261126"))
    result = scene.run(
        verify_published.app, "--index", scene.place.index, "--from", str(other), code=1
    )
    assert "iree_turbine-3.14.0rc20261126-py3-none-any.whl is not there" in result.stderr
