"""A product without a smoke program: its files are installed, which its settings judge."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from release.cli import promote, publish, validate
from tests.git import git
from tests.release.promote.samples import at_version, restamp_tool

BUILT = Path(os.environ["PLAN"]).absolute()
VERSION = "20261122.1"


@pytest.fixture(autouse=True)
def _environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkout, without a container engine."""
    git(tmp_path, "init", "--quiet")
    monkeypatch.setenv("BUILD_WORKSPACE_DIRECTORY", str(tmp_path))
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:9")
    monkeypatch.setenv("RESTAMP", str(restamp_tool(tmp_path / "restamp")))
    paths = (str(Path(path).absolute()) for path in os.environ["PRODUCTS"].split())
    monkeypatch.setenv("PRODUCTS", " ".join(paths))


def run(app: typer.Typer, *arguments: object, code: int = 0) -> Result:
    """Runs a command, and checks its exit code."""
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == code, result.output
    return result


def test_the_plan_has_one_cell_and_no_dist() -> None:
    plan = json.loads(BUILT.read_bytes())
    assert [cell["wheel"] for cell in plan["cells"]] == ["minimal-0.dev0-py3-none-any.whl"]
    assert plan["dists"] == []
    assert plan["product"]["dist"] is None
    assert [project["name"] for project in plan["product"]["projects"]] == ["minimal"]


def test_its_files_are_installed_and_its_settings_say_whether_that_is_enough(
    tmp_path: Path,
) -> None:
    """Catches: a release that nothing tested, and that is promoted as if it had been tested."""
    nightly = at_version(BUILT, VERSION, tmp_path / "nightly")
    validated = run(validate.app, nightly, "--output", tmp_path / "verdicts")
    assert "installed: linux_x86_64 python 3.11 minimal" in validated.stderr
    assert "dist" not in validated.stderr, "a product without dist archives has none to run"
    manifest = json.loads((tmp_path / "verdicts" / "manifest.json").read_bytes())
    assert [cell["run"] for cell in manifest["cells"]] == ["installed"]
    store = ("--store", f"directory:{tmp_path / 'store'}")
    run(
        publish.app,
        *(*store, "--from", nightly, "--commit", "c" * 40),
        *("--verdicts", tmp_path / "verdicts"),
    )
    promoting = (*store, "--candidate", f"candidate-{VERSION}", "--version", "1.0.0")
    later = ("--date", "2200-01-01")
    refused = run(promote.app, *promoting, *later, code=1)
    assert "set promote.installed_is_enough" in refused.stderr
    settings = tmp_path / "settings.toml"
    settings.write_text("[promote]\ninstalled_is_enough = true\n")
    run(promote.app, *promoting, *later, "--settings", settings)
    assert (tmp_path / "store" / "releases" / "v1.0.0" / "minimal-1.0.0-py3-none-any.whl").is_file()
