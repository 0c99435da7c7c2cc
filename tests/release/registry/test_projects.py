"""Tests of projects.toml."""

from __future__ import annotations

from pathlib import Path

import pytest

from release.model.errors import UsageError
from release.registry import projects


def test_the_projects_of_this_repository_have_the_expected_states() -> None:
    table = projects.read()
    states = {name: project.state for name, project in table.items()}
    managed = {name for name, state in states.items() if state == "managed"}
    assert {"iree-compiler", "iree-runtime", "iree-turbine"} <= managed
    assert states["shark-turbine"] == "transitional"
    assert states["iree-runtime-instrumented"] == states["iree-tools-xla"] == "deprecated"


def test_limits_are_converted_to_bytes(tmp_path: Path) -> None:
    path = tmp_path / "projects.toml"
    path.write_text('[iree-a]\nstate = "managed"\nfile_limit_mib = 2\ntotal_limit_gib = 3\n')
    project = projects.read(path)["iree-a"]
    assert project.file_limit == 2 * 1024**2
    assert project.total_limit == 3 * 1024**3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[iree", "invalid TOML"),
        ("iree-a = 1", "iree-a must be a table"),
        ('[Iree_A]\nstate = "managed"', "Iree_A must be a normalised project name"),
        ("[iree-a]", "iree-a.state must be one of managed, transitional, deprecated"),
        ('[iree-a]\nstate = "old"', "iree-a.state must be one of managed"),
        ('[iree-a]\nstate = "managed"\nlimit = 1', "iree-a.limit: unknown key; expected one of"),
        ('[iree-a]\nstate = "managed"\nfile_limit_mib = 0', "must be a positive integer"),
        ('[iree-a]\nstate = "managed"\ntotal_limit_gib = true', "must be a positive integer"),
        (
            '[iree-a]\nstate = "deprecated"\nsuccessor = "iree-b"',
            "iree-a.successor must be the name of another project in the file",
        ),
    ],
)
def test_an_invalid_file_is_reported_with_its_path(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "projects.toml"
    path.write_text(text)
    with pytest.raises(UsageError) as error:
        projects.read(path)
    assert str(path) in str(error.value)
    assert message in str(error.value)
