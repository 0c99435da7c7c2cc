"""A whole turbine release of the real packages, from a nightly on, with the real gate.

A nightly is published and promoted, turbine is built on it, and tried from its wheelhouse alone.
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

from release import promote, publish, turbine
from release.document import read as read_document
from release.store.directory import DirectoryStore
from tests.faults.tree import state
from tests.git import git
from tests.promotion.samples import at_version, restamp_tool
from tests.turbine.samples import turbine_tools

COMMIT = "c" * 40
CANDIDATE, VERSION = "candidate-20261122.1", "3.14.0"
TURBINE = "3.14.0rc20261125"


@dataclass(frozen=True, slots=True)
class Scene:
    """A machine that releases."""

    folder: Path
    store: DirectoryStore

    def run(self, app: typer.Typer, *arguments: str) -> Result:
        """Calls a verb, which succeeds."""
        result = CliRunner().invoke(app, ["--store", self.store.address, *arguments])
        assert result.exit_code == 0, result.output
        return result

    def promote(self) -> Result:
        """Promotes the nightly, which was only inspected."""
        return self.run(
            promote.app,
            *("--candidate", CANDIDATE, "--version", VERSION, "--work", str(self.folder / "work")),
            *("--override", "age=a test", "--override", "verdicts=a test"),
        )

    def turbine(self, *more: str) -> Result:
        """Makes the turbine release."""
        return self.run(
            turbine.app,
            *("--core-version", VERSION, "--core-pre-version", "rcYYYYMMDD"),
            *("--date", "2026-11-25", "--python", "3.11"),
            *("--wheelhouse", str(self.folder / "wheelhouse"), *more),
        )


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("release")
    checkout = folder / "checkout"
    checkout.mkdir()
    git(checkout, "init", "--quiet")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BUILD_WORKSPACE_DIRECTORY", str(checkout))
        patch.setenv("RESTAMP", str(restamp_tool(folder / "restamp")))
        for name, value in turbine_tools(folder).items():
            patch.setenv(name, value)
        # What Bazel fetched takes the place of the registry.
        links = {str(Path(path).absolute().parent) for path in os.environ["INDEX"].split()}
        patch.setenv("PIP_CONFIG_FILE", os.devnull)
        patch.setenv("PIP_NO_INDEX", "1")
        patch.setenv("PIP_FIND_LINKS", " ".join(sorted(links)))
        patch.setenv("IREE_RELEASE_CACHE", str(folder / "cache"))
        made = Scene(folder, DirectoryStore(folder / "store"))
        built = Path(os.environ["PLAN"]).absolute()
        nightly = at_version(built, "20261122.1", folder / "nightly")
        made.run(publish.app, "--from", str(nightly), "--commit", COMMIT)
        shutil.rmtree(nightly)
        yield made
    shutil.rmtree(folder)


def test_a_nightly_becomes_a_turbine_release_that_works(scene: Scene) -> None:
    scene.promote()
    manifest = read_document(
        scene.store.root / "releases" / f"v{VERSION}" / "manifest.json", "manifest", dict
    )
    assert manifest["promoted_from"] == CANDIDATE
    tried = scene.turbine("--test")
    assert "passed: linux_x86_64 Python 3.11" in tried.stderr
    frozen = set(tried.stdout.splitlines())
    assert {f"iree-turbine=={TURBINE}", f"iree-compiler=={VERSION}"} <= frozen


def test_a_second_run_of_each_step_changes_nothing(scene: Scene) -> None:
    places = (scene.store.root, scene.folder / "wheelhouse")
    before = [state(place) for place in places]
    assert "was promoted before" in scene.promote().stdout
    scene.turbine()
    assert [state(place) for place in places] == before
