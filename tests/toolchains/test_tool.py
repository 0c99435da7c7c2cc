"""What `py_tool` makes: a program that starts its own interpreter, wherever its runfiles are."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

TOOL = Path(os.environ["TOOL"]).absolute()
"""`//packaging/assembly:collect`, which copies files into a directory."""
RUNFILES = TOOL.parents[3]


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
    """Runs it in a place of nobody's, with nothing but a shell on PATH."""
    return subprocess.run(
        [program, request],
        cwd="/",
        env={"PATH": "/nonexistent", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_finds_itself_in_the_runfiles_of_another(request_file: Path) -> None:
    done = run(TOOL, request_file, {})
    assert done.returncode == 0, done.stderr
    assert (request_file.parent / "out" / "a.txt").read_text() == "a"


def test_it_finds_the_runfiles_beside_it(request_file: Path, tmp_path: Path) -> None:
    program = tmp_path / "elsewhere" / "collect"
    program.parent.mkdir()
    shutil.copy(TOOL, program)
    program.with_name("collect.runfiles").symlink_to(RUNFILES)
    done = run(program, request_file, {"RUNFILES_DIR": "/nonexistent"})
    assert done.returncode == 0, done.stderr


def test_it_takes_the_runfiles_that_it_is_told_of(request_file: Path, tmp_path: Path) -> None:
    program = Path(shutil.copy(TOOL, tmp_path / "collect"))
    done = run(program, request_file, {"RUNFILES_DIR": str(RUNFILES)})
    assert done.returncode == 0, done.stderr


def test_without_any_it_says_so(request_file: Path, tmp_path: Path) -> None:
    program = Path(shutil.copy(TOOL, tmp_path / "collect"))
    done = run(program, request_file, {})
    assert done.returncode != 0
    assert f"{program} has no runfiles" in done.stderr


def test_what_the_user_s_python_would_import_is_not_imported(
    request_file: Path, tmp_path: Path
) -> None:
    """Catches: a module in the place where a tool is started, in place of the tool's own."""
    (tmp_path / "assembly.py").write_text("raise SystemExit('not this one')")
    done = subprocess.run(
        [TOOL, request_file],
        cwd=tmp_path,
        env={"PATH": "/nonexistent", "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
