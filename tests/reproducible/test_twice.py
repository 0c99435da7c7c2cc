"""Two builds are compared only if they are of the same sources and made of something."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from tests.reproducible import twice
from tests.reproducible.host import Host, two_hosts
from tests.reproducible.twice import TwiceError

QUIET = Console(quiet=True)


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return two_hosts(tmp_path, "python3.11", "python3.12")[1]


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    if shutil.which("git") is None:
        pytest.skip("not run: git is not on PATH")
    folder = tmp_path / "clone"
    files = {"tracked": "1", "deleted": "2", "new": "3", "ignored": "4", ".gitignore": "ignored\n"}
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_text(content)
    (folder / "new").chmod(0o755)
    for command in (["init", "--quiet"], ["add", "tracked", "deleted", ".gitignore"]):
        subprocess.run(["git", *command], cwd=folder, check=True)
    (folder / "deleted").unlink()
    return folder


def test_the_copy_holds_what_a_commit_would_hold(workspace: Path, host: Host) -> None:
    """Catches: a new file forgotten, or an ignored one that decides a byte."""
    twice.copy_to(workspace, host)
    copied = {path.name: path for path in twice.workspace_of(host).iterdir()}
    assert set(copied) == {"tracked", "new", ".gitignore"}
    assert copied["new"].stat().st_mode & 0o777 == 0o700
    assert copied["tracked"].stat().st_mode & 0o777 == 0o600


def test_outside_a_clone_there_is_nothing_to_copy(tmp_path: Path, host: Host) -> None:
    with pytest.raises(TwiceError, match="run this in a git clone"):
        twice.copy_to(tmp_path, host)


def test_a_file_that_differs_or_is_missing_is_named(tmp_path: Path) -> None:
    """Catches: a comparison of what both have, which a build that makes less passes."""
    files = {name: tmp_path / name for name in ("a", "b", "c")}
    for name, path in files.items():
        path.write_text(name)
    one, other = {"x": files["a"], "y": files["b"]}, {"x": files["c"], "z": files["b"]}
    assert twice.compare(one, other, QUIET) == [
        "x differs at byte 0.",
        "y was built on one host only.",
        "z was built on one host only.",
    ]
    assert twice.compare(one, one, QUIET) == []


def test_nothing_built_is_no_success(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches: "all 0 files are the same"."""
    monkeypatch.setattr(twice, "bazel", lambda *_: "")
    with pytest.raises(TwiceError, match="nothing was built"):
        twice.outputs(host, {}, ["//x"])


def test_the_second_python_is_of_another_minor_version_and_has_pip(tmp_path: Path) -> None:
    """Catches: two builds by one Python, and one that cannot fetch its tools."""
    here = "{}.{}".format(*sys.version_info)
    bare = interpreter(tmp_path, "3.98", None)
    without_pip = interpreter(tmp_path, "3.99", str(shutil.which("false")))
    same = interpreter(tmp_path, here, sys.executable)
    with pytest.raises(TwiceError, match="no second Python with pip"):
        twice.other_python([bare, without_pip, same])
    good = interpreter(tmp_path, "3.97", str(shutil.which("true")))
    assert twice.other_python([good, without_pip, same]) == shutil.which("true")


def interpreter(folder: Path, version: str, executable: str | None) -> Path:
    path = folder / f"{version}.json"
    path.write_text(json.dumps({"version": version, "executable": executable}))
    return path
