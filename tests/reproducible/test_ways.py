"""Builds are compared only if each was built in its way and has files."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from rich.console import Console

from tests.clone import Build
from tests.reproducible import ways
from tests.reproducible.caches import files_of, random_half
from tests.reproducible.host import two_hosts
from tests.reproducible.ways import WAYS, Way, WaysError
from tests.workspace import copy_workspace

QUIET = Console(quiet=True)


def build_of(processes: Mapping[str, int]) -> Build:
    return Build(exit_code=0, output="", processes=processes, seconds=1.0)


@pytest.mark.parametrize(
    ("processes", "taken"),
    [
        ({"internal": 5, "linux-sandbox": 7}, {"empty"}),
        ({"internal": 5, "disk cache hit": 7}, {"disk", "remote"}),
        ({"internal": 5, "remote cache hit": 7}, {"disk", "remote"}),
        ({"internal": 5, "disk cache hit": 3, "linux-sandbox": 4}, {"half"}),
        ({"internal": 5, "remote": 7}, {"empty", "execution"}),
        ({"internal": 5, "remote": 6, "linux-sandbox": 1}, {"empty"}),
        ({"internal": 5}, set()),
    ],
    ids=str,
)
def test_a_build_in_another_way_is_detected(processes: Mapping[str, int], taken: set[str]) -> None:
    """Catches: five builds without any cache, whose equality proves nothing about caches."""
    found = {way.name for way in WAYS if way.is_taken(build_of(processes))}
    assert found == taken


def test_each_way_except_the_first_is_on_another_host(tmp_path: Path) -> None:
    """Catches: two builds on the same host, and an interpreter that invalidates all caches."""
    hosts = [ways.host_of(way, tmp_path, "python3.11", "python3.12") for way in WAYS]
    first, *others = hosts
    assert {host.umask for host in others} == {0o077}
    assert first.umask == 0o022
    assert len({host.directory for host in hosts}) == len(WAYS)
    pythons = {host.name: host.python for host in hosts}
    assert [name for name, python in pythons.items() if python == "python3.12"] == ["execution"]


def test_the_environment_of_a_host_is_applied_temporarily(tmp_path: Path) -> None:
    host = two_hosts(tmp_path, "python3.11", "python3.12")[1]
    before, mask = dict(os.environ), os.umask(0o022)
    with host.entered():
        created = tmp_path / "created"
        created.touch()
        assert created.stat().st_mode & 0o777 == 0o600
        assert (os.environ["TZ"], os.environ["IREE_RELEASE_PYTHON"]) == (host.zone, "python3.12")
    assert dict(os.environ) == before
    assert os.umask(mask) == 0o022


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    if shutil.which("git") is None:
        pytest.skip("not run: git is not on PATH")
    directory = tmp_path / "clone"
    files = {"tracked": "1", "deleted": "2", "new": "3", "ignored": "4", ".gitignore": "ignored\n"}
    directory.mkdir()
    for name, content in files.items():
        (directory / name).write_text(content)
    (directory / "new").chmod(0o755)
    for command in (["init", "--quiet"], ["add", "tracked", "deleted", ".gitignore"]):
        subprocess.run(["git", *command], cwd=directory, check=True)
    (directory / "deleted").unlink()
    return directory


def test_the_copy_has_the_files_that_git_would_commit(workspace: Path, tmp_path: Path) -> None:
    """Catches: a missing new file, or an ignored file that affects the build."""
    host = two_hosts(tmp_path, "python3.11", "python3.12")[1]
    with host.entered():
        copy_workspace(workspace, host.directory)
    copied = {path.name: path for path in host.directory.iterdir()}
    assert set(copied) == {"tracked", "new", ".gitignore"}
    assert copied["new"].stat().st_mode & 0o777 == 0o700
    assert copied["tracked"].stat().st_mode & 0o777 == 0o600


def test_a_copy_requires_a_git_clone(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="run this in a git clone"):
        copy_workspace(tmp_path, tmp_path / "copy")


def test_a_file_that_differs_or_is_missing_is_named() -> None:
    """Catches: a comparison of common files only, which a build with fewer files would pass."""
    expected = {"x": "1", "y": "2"}
    found = {
        "disk": {"x": "1", "y": "2"},
        "half": {"x": "3", "y": "2"},
        "remote": {"x": "1", "z": ""},
    }
    assert ways.compare(expected, found, QUIET) == [
        ("half", "x"),
        ("remote", "y"),
        ("disk", "z"),
        ("half", "z"),
        ("remote", "z"),
    ]
    assert ways.compare(expected, {"disk": expected}, QUIET) == []


@pytest.mark.parametrize("failing", ["half", "empty"])
def test_a_failed_way_does_not_prevent_the_comparison_of_others(
    failing: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Catches: hours of builds without a comparison because one failed, and leftover gigabytes."""

    def build(_machine: object, way: Way, *_rest: object) -> tuple[Build, dict[str, str]]:
        if way.name == failing:
            raise WaysError(f"the build failed ({way.name})")
        return build_of({"internal": 1}), {"a.whl": way.name if way.name == "remote" else "1"}

    @contextmanager
    def clone(directory: Path) -> Iterator[Path]:
        directory.mkdir(parents=True)
        yield directory

    monkeypatch.setenv("IREE_RELEASE_CACHE", str(tmp_path))
    monkeypatch.setattr(ways, "build", build)
    monkeypatch.setattr(ways, "clone", clone)
    monkeypatch.setattr(ways, "located", lambda *_: None)
    monkeypatch.setattr(ways, "other_python", lambda _: "python3.12")
    if failing == "empty":
        with pytest.raises(WaysError, match=r"the build failed \(empty\)"):
            ways.run(WAYS, ["//:a"], [], 17)
    else:
        assert ways.run(WAYS, ["//:a"], [], 17) == 1
        output = capsys.readouterr().out
        assert "the build failed (half)\nNOT reproducible: 1 files differ.\n" in output
        assert "a.whl was not built in every way (remote)." in output
    assert list(tmp_path.iterdir()) == []


def cache(directory: Path, count: int) -> Path:
    """A disk cache with action results and files."""
    for kind in ("ac", "cas"):
        for number in range(count):
            path = directory / kind / f"{number % 16:02x}" / f"{number:064x}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{kind} {number}")
    (directory / "gc").mkdir()
    (directory / "gc" / "lock").touch()
    return directory


def test_a_random_half_depends_on_the_seed_and_keeps_the_original(tmp_path: Path) -> None:
    """Catches: a failure that cannot be reproduced, and a shared cache that loses files."""
    whole = cache(tmp_path / "whole", 200)
    every = files_of(whole)
    halves = {}
    for name, seed in (("one", 1), ("again", 1), ("other", 2)):
        half = random_half(whole, tmp_path / name, seed)
        halves[name] = files_of(tmp_path / name)
        assert (half.kept, half.lost) == (len(halves[name]), len(every) - len(halves[name]))
        assert 140 < half.kept < 260
        assert {path.parts[0] for path in halves[name]} == {"ac", "cas"}
    assert halves["one"] == halves["again"] != halves["other"]
    assert files_of(whole) == every
    assert len(every) == 400


def test_the_second_python_has_another_minor_version_and_pip(tmp_path: Path) -> None:
    """Catches: two builds with the same Python, and one that cannot download its tools."""
    running = "{}.{}".format(*sys.version_info)
    bare = interpreter(tmp_path, "3.98", None)
    without_pip = interpreter(tmp_path, "3.99", str(shutil.which("false")))
    same = interpreter(tmp_path, running, sys.executable)
    with pytest.raises(WaysError, match=r"no Python with pip other than"):
        ways.other_python([bare, without_pip, same])
    good = interpreter(tmp_path, "3.97", str(shutil.which("true")))
    assert ways.other_python([good, without_pip, same]) == shutil.which("true")


def interpreter(directory: Path, version: str, executable: str | None) -> Path:
    path = directory / f"{version}.json"
    path.write_text(json.dumps({"version": version, "executable": executable}))
    return path
