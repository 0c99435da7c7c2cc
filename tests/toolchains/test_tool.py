"""A `py_tool` starts the toolchain's interpreter and finds its runfiles."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

TOOL = Path(os.environ["TOOL"]).absolute()
"""`//packaging/builder/assembly:collect`, which copies files into a directory."""
RUNFILES = TOOL.parents[4]


@pytest.fixture
def request_file(tmp_path: Path) -> Path:
    (tmp_path / "a.txt").write_text("a")
    path = tmp_path / "request.json"
    files = [str(tmp_path / "a.txt")]
    path.write_text(json.dumps({"files": files, "output": str(tmp_path / "out")}))
    return path


def run(
    program: Path, request: Path, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Runs a program in the root directory, with nothing on PATH."""
    return subprocess.run(
        [program, request],
        cwd="/",
        env={"PATH": "/nonexistent", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_tool_is_found_in_the_runfiles_of_another_program(request_file: Path) -> None:
    done = run(TOOL, request_file, {})
    assert done.returncode == 0, done.stderr
    assert (request_file.parent / "out" / "a.txt").read_text() == "a"


def test_runfiles_are_found_beside_the_tool(request_file: Path, tmp_path: Path) -> None:
    program = tmp_path / "elsewhere" / "collect"
    program.parent.mkdir()
    shutil.copy(TOOL, program)
    program.with_name("collect.runfiles").symlink_to(RUNFILES)
    done = run(program, request_file, {"RUNFILES_DIR": "/nonexistent"})
    assert done.returncode == 0, done.stderr


def test_runfiles_are_found_by_the_environment(request_file: Path, tmp_path: Path) -> None:
    program = Path(shutil.copy(TOOL, tmp_path / "collect"))
    done = run(program, request_file, {"RUNFILES_DIR": str(RUNFILES)})
    assert done.returncode == 0, done.stderr


def test_missing_runfiles_are_reported(request_file: Path, tmp_path: Path) -> None:
    program = Path(shutil.copy(TOOL, tmp_path / "collect"))
    done = run(program, request_file, {})
    assert done.returncode != 0
    assert f"{program} has no runfiles" in done.stderr


def test_modules_of_the_user_are_not_imported(request_file: Path, tmp_path: Path) -> None:
    """Catches: a module in the working directory imported instead of the tool's module."""
    (tmp_path / "builder.py").write_text("raise SystemExit('not this one')")
    done = subprocess.run(
        [TOOL, request_file],
        cwd=tmp_path,
        env={"PATH": "/nonexistent", "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
