"""The status of our projects: what a registry shows, held against the table and a release."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from release.cli import push as push_command
from release.cli import registry_status
from release.registry import projects
from release.registry.projects import Project
from tests.release.publish.samples import make_release
from tests.release.registry.conftest import VERSION
from tests.servers.registry.servers import Place

TABLE = {
    "iree-runtime": Project("iree-runtime", "managed"),
    "iree-tools-tf": Project("iree-tools-tf", "transitional", "iree-runtime"),
    "iree-tools-xla": Project("iree-tools-xla", "deprecated", "iree-runtime"),
}


@pytest.fixture(autouse=True)
def table(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Project]]:
    """A small table of projects."""
    changed = dict(TABLE)
    monkeypatch.setattr(projects, "read", lambda: changed)
    yield changed


def push(place: Place, directory: Path) -> None:
    """Pushes a release."""
    result = CliRunner().invoke(
        push_command.app,
        ["--registry", place.upload, "--index", place.index, "--from", str(directory)],
    )
    assert result.exit_code == 0, result.output


def status(place: Place, *arguments: str | Path, code: int = 0) -> Result:
    """Runs the verb, which ends with a code."""
    result = CliRunner().invoke(registry_status.app, ["--index", place.index, *map(str, arguments)])
    assert result.exit_code == code, result.output
    return result


def standings(result: Result) -> Mapping[str, Any]:
    """What it says in JSON, by project."""
    return {one["project"]: one for one in json.loads(result.stdout)["projects"]}


def test_versions_and_files_of_each_cell_are_shown(place: Place, release: Path) -> None:
    push(place, release)
    shown = standings(status(place, "--from", release, "--json"))
    runtime = shown["iree-runtime"]
    assert runtime["newest"] == VERSION
    assert runtime["versions"] == 1
    assert {(cell["platform"], cell["python"]): cell["files"] for cell in runtime["cells"]} == {
        ("manylinux_2_28_x86_64", "cp312-abi3"): 1,
        ("win_amd64", "cp312-abi3"): 1,
    }
    assert shown["iree-tools-xla"]["newest"] is None
    lines = [" ".join(line.split()) for line in status(place).stdout.splitlines()]
    at = lines.index(f"iree-runtime managed {VERSION}, 1 version")
    assert lines[at + 1 : at + 3] == ["manylinux_2_28_x86_64 cp312-abi3", "win_amd64 cp312-abi3"]


def test_a_project_that_is_not_there_is_found(place: Place, release: Path) -> None:
    result = status(place, code=1)
    assert "iree-runtime: nothing of it is there" in result.output


def test_a_deprecated_project_that_was_released_again_is_found(
    place: Place, release: Path, table: dict[str, Project]
) -> None:
    """Catches: a job that nobody switched off."""
    push(place, release)
    table["iree-tools-tf"] = Project("iree-tools-tf", "deprecated", "iree-runtime")
    result = status(place, code=1)
    told = f"iree-tools-tf: deprecated, and {VERSION} was released together with iree-runtime"
    assert told in result.stderr


def test_a_platform_that_the_version_before_had_is_found_missing(
    place: Place, release: Path, tmp_path: Path
) -> None:
    push(place, release)
    later = make_release(tmp_path / "later", "20261123.1", missing=["windows_x86_64"])
    push(place, later)
    result = status(place, "--json", code=1)
    (finding,) = standings(result)["iree-runtime"]["findings"]
    assert finding == f"20261123.1 has no win_amd64, which {VERSION} has"


def test_a_transitional_project_that_was_left_behind_is_found(
    place: Place, release: Path, table: dict[str, Project], tmp_path: Path
) -> None:
    push(place, release)
    later = make_release(tmp_path / "later", "20261123.1")
    (later / "wheelhouse" / "iree_tools_tf-20261123.1-py3-none-any.whl").unlink()
    manifest = json.loads((later / "manifest.json").read_text())
    kept = [one for one in manifest["artifacts"] if one.get("package") != "iree-tools-tf"]
    (later / "manifest.json").write_text(json.dumps({**manifest, "artifacts": kept}))
    push(place, later)
    result = status(place, code=1)
    assert "transitional, and iree-runtime 20261123.1 went without it" in result.stderr


def test_a_release_that_is_not_there_as_it_is_stated_is_found(
    place: Place, release: Path, tmp_path: Path
) -> None:
    """Catches: a wheel that was forgotten, one with other bytes, and one that nobody knows."""
    push(place, release)
    other = make_release(tmp_path / "other", VERSION, salt="x", missing=["windows_x86_64"])
    shown = standings(status(place, "--from", other, "--json", code=1))
    told = " ".join(shown["iree-runtime"]["findings"])
    assert "manylinux_2_28_x86_64.whl is there with other bytes" in told
    assert "win_amd64.whl is there, of that very version, and nobody stated it" in told
    later = make_release(tmp_path / "later", "20261123.1")
    result = status(place, "--from", later, code=1)
    assert "is not there; push it again" in result.stderr
    assert "of 1 more projects" in result.stderr


def test_a_release_is_named_whole(place: Place) -> None:
    result = status(place, "--store", "directory:x", code=2)
    assert "name a release with --store STORE and --tag TAG, or with --from DIR" in result.stderr


def test_without_an_index_it_says_how_to_name_one() -> None:
    result = CliRunner().invoke(registry_status.app, [])
    assert result.exit_code == 2
    assert "name the registry's simple index with --index URL" in result.stderr


def test_a_registry_that_is_away_ends_with_75(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IREE_RELEASE_PATIENCE", "2:0.01:600")
    result = CliRunner().invoke(registry_status.app, ["--index", "http://127.0.0.1:9/simple/"])
    assert result.exit_code == 75
    assert "127.0.0.1:9 cannot be reached" in result.stderr
