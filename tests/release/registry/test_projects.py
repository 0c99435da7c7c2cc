"""The table of our projects on the registry."""

from __future__ import annotations

from pathlib import Path

import pytest

from release.model.errors import UsageError
from release.registry import projects


def test_the_table_of_this_repository_says_what_is_managed_and_what_is_not() -> None:
    table = projects.read()
    states = {name: project.state for name, project in table.items()}
    managed = {name for name, state in states.items() if state == "managed"}
    assert {"iree-compiler", "iree-runtime", "iree-turbine"} <= managed
    assert states["shark-turbine"] == "transitional"
    assert states["iree-runtime-instrumented"] == states["iree-tools-xla"] == "deprecated"


def test_limits_are_bytes(tmp_path: Path) -> None:
    path = tmp_path / "projects.toml"
    path.write_text('[iree-a]\nstate = "managed"\nfile_limit_mib = 2\ntotal_limit_gib = 3\n')
    project = projects.read(path)["iree-a"]
    assert project.file_limit == 2 * 1024**2
    assert project.total_limit == 3 * 1024**3


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[iree", "not TOML"),
        ("iree-a = 1", "iree-a must be a table named as projects are"),
        ('[Iree_A]\nstate = "managed"', "Iree_A must be a table named as projects are"),
        ("[iree-a]", "iree-a.state must be managed, transitional, deprecated"),
        ('[iree-a]\nstate = "old"', "iree-a.state must be managed"),
        ('[iree-a]\nstate = "managed"\nlimit = 1', "iree-a.limit is nothing that a project has"),
        ('[iree-a]\nstate = "managed"\nfile_limit_mib = 0', "must be a whole number above 0"),
        ('[iree-a]\nstate = "managed"\ntotal_limit_gib = true', "must be a whole number above 0"),
        (
            '[iree-a]\nstate = "deprecated"\nsuccessor = "iree-b"',
            "iree-a.successor must be one of the projects",
        ),
    ],
)
def test_a_table_that_is_none_is_told_with_its_place(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "projects.toml"
    path.write_text(text)
    with pytest.raises(UsageError) as error:
        projects.read(path)
    assert str(path) in str(error.value)
    assert told in str(error.value)
