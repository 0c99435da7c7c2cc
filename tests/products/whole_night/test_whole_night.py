"""Abacus goes through everything that a release of IREE does, with the same commands.

It is built from source, has a package of Python alone and dist archives, and its own smoke program.
The tests run in their order, each on what the former ones left.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from release.cli import (
    doctor,
    index,
    nightly,
    promote,
    publish,
    purge,
    push,
    registry_status,
    tag,
    validate,
    verify_published,
)
from release.hosting.directory_store import DirectoryStore
from tests.git import git
from tests.release.promote.samples import restamp_tool
from tests.servers.registry import servers
from tests.servers.registry.servers import PASSWORD, USER, EmptyRegistry

STABLE = "1.0.0"
DAY = datetime.now(UTC)
CANDIDATE = f"candidate-{DAY:%Y%m%d}.1"


@dataclass(frozen=True, slots=True)
class Scene:
    """The checkout, the store and the registry."""

    directory: Path
    store: DirectoryStore
    registry: EmptyRegistry

    @property
    def in_store(self) -> tuple[str, ...]:
        """The options that name the store."""
        return ("--store", self.store.address)

    @property
    def in_registry(self) -> tuple[str, ...]:
        """The options that name the registry."""
        return ("--registry", self.registry.upload, "--index", self.registry.index)

    def run(self, app: typer.Typer, *arguments: str, code: int = 0) -> Result:
        """Runs a command for abacus, and checks its exit code."""
        result = CliRunner().invoke(app, ["--product", "abacus", *arguments])
        assert result.exit_code == code, result.output
        return result

    def manifest(self, tag: str) -> dict[str, Any]:
        """The manifest of a release in the store."""
        found: dict[str, Any] = json.loads(b"".join(self.store.read(tag, "manifest.json")))
        return found


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    directory = tmp_path_factory.mktemp("night")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BUILD_WORKSPACE_DIRECTORY", str(checkout(directory / "checkout")))
        # The nightly runs its commands in other directories.
        paths = (str(Path(path).absolute()) for path in os.environ["PRODUCTS"].split())
        patch.setenv("PRODUCTS", " ".join(paths))
        patch.setenv("RESTAMP", str(restamp_tool(directory / "restamp")))
        patch.setenv("IREE_RELEASE_CACHE", str(directory / "cache"))
        # Without a container engine, whose smoke test has tests of its own.
        patch.setenv("DOCKER_HOST", "tcp://127.0.0.1:9")
        patch.setenv("TWINE_USERNAME", USER)
        patch.setenv("TWINE_PASSWORD", PASSWORD)
        (directory / "registry").mkdir()
        with servers.serve("devpi", directory / "registry") as server:
            store = DirectoryStore(directory / "store")
            yield Scene(directory, store, server.empty_registry())
    shutil.rmtree(directory)


def checkout(directory: Path) -> Path:
    """A checkout with one commit, and a replacement for Bazel that makes releases of abacus."""
    directory.mkdir()
    path = os.pathsep.join(sys.path)
    script = directory / "bazelw"
    script.write_text(
        f'#!/bin/sh\nPYTHONPATH="{path}" exec "{sys.executable}" '
        '-m tests.products.whole_night.builder "$@"\n'
    )
    script.chmod(0o755)
    (directory / "built").write_text(str(Path(os.environ["PLAN"]).absolute()))
    (directory / ".gitignore").write_text("/out/\n/promotion/\n/verdicts/\n")
    git(directory, "init", "--quiet", "--initial-branch=main")
    git(directory, "add", ".")
    git(directory, "commit", "--quiet", "--message", "Count faster")
    return directory


def test_the_nightly_is_built_run_and_published(scene: Scene) -> None:
    """Catches: a gate, a store or an index that only knows the packages of IREE."""
    runs = ("--require", "linux_x86_64:run", "--require", "linux_aarch64:dist")
    result = scene.run(nightly.app, *scene.in_store, *runs)
    assert f"abacus=={DAY:%Y%m%d}.1" in result.stdout
    published = scene.manifest(CANDIDATE)
    assert published["product"] == "abacus"
    assert len(published["artifacts"]) == 9
    ran = {
        (cell.get("package"), cell["platform"])
        for cell in published["cells"] + published["dists"]
        if cell["run"] == "passed"
    }
    assert ran >= {
        (package, platform)
        for package in ("abacus", "abacus-scripts", None)
        for platform in ("linux_x86_64", "linux_aarch64")
    }
    page = (scene.store.root / "site" / "index.html").read_text()
    assert "Abacus" in page
    assert "IREE" not in page
    assert (scene.store.root / "site" / "simple" / "abacus-scripts" / "index.html").is_file()


def test_the_candidate_is_promoted_without_an_override(scene: Scene) -> None:
    later = f"{DAY + timedelta(days=5):%Y-%m-%d}"
    scene.run(
        promote.app,
        *scene.in_store,
        *("--candidate", CANDIDATE, "--version", STABLE, "--date", later, "--run"),
    )
    published = scene.manifest(f"v{STABLE}")
    assert published["promoted_from"] == CANDIDATE
    assert published["overrides"] == {}
    assert f"abacus_scripts-{STABLE}-py3-none-any.whl" in {
        artifact["filename"] for artifact in published["artifacts"]
    }


def test_the_release_is_pushed_and_works_when_it_is_installed_by_name(scene: Scene) -> None:
    pushed = scene.run(
        push.app, *scene.in_registry, *scene.in_store, "--tag", f"v{STABLE}", "--yes"
    )
    assert ": 5 uploaded" in pushed.stdout
    verified = scene.run(
        verify_published.app,
        *("--index", scene.registry.index),
        *(*scene.in_store, "--tag", f"v{STABLE}"),
    )
    assert "all 5 wheels on" in verified.stderr
    assert "passed: Python 3.11, abacus, abacus_scripts" in verified.stdout + verified.stderr
    assert f"abacus {STABLE} on" in verified.stdout
    scene.run(
        registry_status.app,
        *("--index", scene.registry.index, *scene.in_store, "--tag", f"v{STABLE}"),
    )


def test_a_smoke_program_that_reports_a_failure_fails_the_verification(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches: a verification that installs the release, but does not use it."""
    program = tmp_path / "main.py"
    program.write_text(
        """\
import smoke_kit

def smoke(test):
    with test.result("abacus counts to four"):
        raise smoke_kit.SmokeError("it stops at three")

smoke_kit.main(smoke)
"""
    )
    paths = (Path(path) for path in os.environ["PRODUCTS"].split() if "/abacus/" in path)
    files, description = sorted(paths)  # product.files.json, product.json
    content = json.loads(files.read_text()) | {"smoke": str(program)}
    (tmp_path / description.name).write_bytes(description.read_bytes())
    (tmp_path / files.name).write_text(json.dumps(content))
    monkeypatch.setenv("PRODUCTS", f"{tmp_path / description.name} {tmp_path / files.name}")
    result = scene.run(
        verify_published.app,
        *("--index", scene.registry.index, "--python", "3.11"),
        *(*scene.in_store, "--tag", f"v{STABLE}"),
        code=1,
    )
    assert "abacus counts to four: it stops at three" in result.output


def test_what_was_published_is_consistent(scene: Scene) -> None:
    assert "no errors" in scene.run(doctor.app, *scene.in_store).stdout
    assert "would" not in scene.run(purge.app, *scene.in_store).stdout


@pytest.mark.parametrize(
    ("app", "arguments"),
    [
        pytest.param(index.app, [], id="index"),
        pytest.param(purge.app, [], id="purge"),
        pytest.param(doctor.app, [], id="doctor"),
        pytest.param(tag.app, [], id="tag"),
        pytest.param(nightly.app, [], id="nightly"),
        pytest.param(promote.app, ["--candidate", CANDIDATE, "--version", "1.0.1"], id="promote"),
        pytest.param(
            push.app,
            ["--registry", "http://127.0.0.1:9/", "--tag", f"v{STABLE}", "--yes"],
            id="push",
        ),
    ],
)
def test_a_command_for_another_product_refuses_the_store(
    scene: Scene, app: typer.Typer, arguments: list[str]
) -> None:
    """Catches: a release of one product in the store of another, which installers would mix up."""
    before = sorted(path for path in scene.store.root.rglob("*"))
    result = CliRunner().invoke(app, ["--product", "iree", *scene.in_store, *arguments])
    assert result.exit_code == 1, result.output
    assert "abacus" in result.output
    assert "iree" in result.output
    assert "Traceback" not in result.output
    assert sorted(path for path in scene.store.root.rglob("*")) == before


@pytest.mark.parametrize("app", [validate.app, publish.app], ids=["validate", "publish"])
def test_a_command_for_another_product_refuses_the_release_directory(
    scene: Scene, app: typer.Typer
) -> None:
    built = str(Path(os.environ["PLAN"]).absolute().parent)
    place = ["--from", built, *scene.in_store] if app is publish.app else [built]
    result = CliRunner().invoke(app, ["--product", "iree", *place])
    assert result.exit_code == 2, result.output
    assert "abacus" in result.output
