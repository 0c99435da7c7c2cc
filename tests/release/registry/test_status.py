"""Tests of `registry_status`: a registry compared with a product and with a release."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from release.cli import push as push_command
from release.cli import registry_status
from release.model.product import Project
from tests.release.products import declare, make_product
from tests.release.publish.samples import make_release
from tests.release.registry.conftest import VERSION, ProjectTable
from tests.servers.registry.servers import EmptyRegistry

PROJECTS = (
    Project("iree-runtime", "managed"),
    Project("iree-tools-tf", "transitional", "iree-runtime"),
    Project("iree-tools-xla", "deprecated", "iree-runtime"),
)


@pytest.fixture(autouse=True)
def projects(table: ProjectTable) -> None:
    """A few projects."""
    table.set(*PROJECTS)


def push(registry: EmptyRegistry, directory: Path) -> None:
    """Pushes a release."""
    result = CliRunner().invoke(
        push_command.app,
        ["--registry", registry.upload, "--index", registry.index, "--from", str(directory)],
    )
    assert result.exit_code == 0, result.output


def status(registry: EmptyRegistry, *arguments: str | Path, code: int = 0) -> Result:
    """Runs the command, and checks its exit code."""
    result = CliRunner().invoke(
        registry_status.app, ["--index", registry.index, *map(str, arguments)]
    )
    assert result.exit_code == code, result.output
    return result


def statuses(result: Result) -> Mapping[str, Any]:
    """The JSON output by project."""
    return {one["project"]: one for one in json.loads(result.stdout)["projects"]}


def test_versions_and_files_of_each_cell_are_shown(registry: EmptyRegistry, release: Path) -> None:
    push(registry, release)
    shown = statuses(status(registry, "--from", release, "--json"))
    runtime = shown["iree-runtime"]
    assert runtime["newest"] == VERSION
    assert runtime["versions"] == 1
    assert {(cell["platform"], cell["python"]): cell["files"] for cell in runtime["cells"]} == {
        ("manylinux_2_28_x86_64", "cp312-abi3"): 1,
        ("win_amd64", "cp312-abi3"): 1,
    }
    assert shown["iree-tools-xla"]["newest"] is None
    lines = [" ".join(line.split()) for line in status(registry).stdout.splitlines()]
    at = lines.index(f"iree-runtime managed {VERSION}, 1 version")
    assert lines[at + 1 : at + 3] == ["manylinux_2_28_x86_64 cp312-abi3", "win_amd64 cp312-abi3"]


def test_a_project_without_files_is_reported(registry: EmptyRegistry, release: Path) -> None:
    result = status(registry, code=1)
    assert "iree-runtime: the registry has no files of it" in result.output


def test_a_deprecated_project_that_was_released_again_is_reported(
    registry: EmptyRegistry, release: Path, table: ProjectTable
) -> None:
    """Catches: an old release job that is still running."""
    push(registry, release)
    table.change("iree-tools-tf", state="deprecated")
    result = status(registry, code=1)
    message = f"iree-tools-tf: deprecated, but {VERSION} was released together with iree-runtime"
    assert message in result.stderr


def test_a_platform_that_only_the_previous_version_has_is_reported(
    registry: EmptyRegistry, release: Path, tmp_path: Path
) -> None:
    push(registry, release)
    later = make_release(tmp_path / "later", "20261123.1", missing=["windows_x86_64"])
    push(registry, later)
    result = status(registry, "--json", code=1)
    (finding,) = statuses(result)["iree-runtime"]["findings"]
    assert finding == f"20261123.1 lacks win_amd64, which {VERSION} has"


def test_a_transitional_project_that_was_not_released_is_reported(
    registry: EmptyRegistry, release: Path, table: ProjectTable, tmp_path: Path
) -> None:
    push(registry, release)
    later = make_release(tmp_path / "later", "20261123.1")
    (later / "wheelhouse" / "iree_tools_tf-20261123.1-py3-none-any.whl").unlink()
    manifest = json.loads((later / "manifest.json").read_text())
    kept = [one for one in manifest["artifacts"] if one.get("package") != "iree-tools-tf"]
    (later / "manifest.json").write_text(json.dumps({**manifest, "artifacts": kept}))
    push(registry, later)
    result = status(registry, code=1)
    assert "transitional, but iree-runtime 20261123.1 was released without it" in result.stderr


def test_differences_from_a_release_are_reported(
    registry: EmptyRegistry, release: Path, tmp_path: Path
) -> None:
    """Catches: a missing wheel, a different wheel, and an unknown wheel."""
    push(registry, release)
    other = make_release(tmp_path / "other", VERSION, salt="x", missing=["windows_x86_64"])
    shown = statuses(status(registry, "--from", other, "--json", code=1))
    findings = " ".join(shown["iree-runtime"]["findings"])
    assert re.search(r"already has a different \S+manylinux_2_28_x86_64\.whl", findings)
    assert "win_amd64.whl has the version of the release, but is not part of it" in findings
    later = make_release(tmp_path / "later", "20261123.1")
    result = status(registry, "--from", later, code=1)
    assert "is missing; push it again" in result.stderr
    assert "(1 more project with problems)" in result.stderr


def test_a_release_is_compared_with_the_projects_of_its_product(
    registry: EmptyRegistry, release: Path, table: ProjectTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches: a release of a second product that is compared with the projects of the first."""
    push(registry, release)
    first = make_product(name="first", projects=(Project("first-core", "managed"),))
    both = f"{declare(release.parent / 'first', first)} {table.variable}"
    monkeypatch.setenv("PRODUCTS", both)
    shown = statuses(status(registry, "--from", release, "--json"))
    assert set(shown) == {project.name for project in PROJECTS}
    result = status(registry, "--from", release, "--product", "first", code=2)
    assert f"--product first: {VERSION} is a release of sample" in " ".join(result.output.split())


def test_a_store_without_a_tag_is_refused(registry: EmptyRegistry) -> None:
    result = status(registry, "--store", "directory:x", code=2)
    assert "pass either --store STORE with --tag TAG, or --from DIR" in result.stderr


def test_a_missing_index_is_reported() -> None:
    result = CliRunner().invoke(registry_status.app, [])
    assert result.exit_code == 2
    assert "name the registry's simple index with --index URL" in result.stderr


def test_an_unreachable_registry_exits_with_75(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IREE_RELEASE_PATIENCE", "2:0.01:600")
    result = CliRunner().invoke(registry_status.app, ["--index", "http://127.0.0.1:9/simple/"])
    assert result.exit_code == 75
    assert "127.0.0.1:9 cannot be reached" in result.stderr
