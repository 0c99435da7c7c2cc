"""The disk cache is trimmed like Bazel trims it: whole files, the least recently used first."""

import fcntl
import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from toolchains.cache import trim

PROGRAM = Path(trim.__file__)
NOW = time.time()


def add(root: Path, kind: str, name: str, size: int, age: float) -> Path:
    """Adds a file that was used `age` seconds ago."""
    digest = hashlib.sha256(name.encode()).hexdigest()
    path = root / kind / digest[:2] / digest
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)
    os.utime(path, (NOW - age, NOW - age))
    return path


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, PROGRAM, *arguments],
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_least_recently_used_files_are_removed_first(tmp_path: Path) -> None:
    old, older, new = (
        add(tmp_path, "cas", name, 1000, age) for name, age in (("a", 20), ("b", 30), ("c", 10))
    )
    done = run("--disk-cache", str(tmp_path), "--max-size", "2K")
    assert (done.returncode, done.stderr) == (0, "")
    assert "removed 1 files" in done.stdout
    assert [path.exists() for path in (old, older, new)] == [True, False, True]


def test_an_action_result_is_removed_before_files_of_the_same_age(tmp_path: Path) -> None:
    """Catches: an action result that refers to a removed file."""
    blob, result = add(tmp_path, "cas", "a", 1000, 5), add(tmp_path, "ac", "b", 1000, 5)
    trim.trim(tmp_path, 1000)
    assert (blob.exists(), result.exists()) == (True, False)


def test_within_the_limit_nothing_is_removed(tmp_path: Path) -> None:
    kept = add(tmp_path, "cas", "a", 1024, 5)
    assert trim.trim(tmp_path, 1024) == trim.TrimResult(0, 0, 1024)
    assert kept.exists()
    assert run("--disk-cache", str(tmp_path), "--max-size", "1K", "--quiet").stdout == ""


def test_files_that_are_used_meanwhile_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    used, gone, left = (add(tmp_path, "cas", name, 1000, 5) for name in "abc")
    first = sorted(trim.entries(tmp_path))
    monkeypatch.setattr(trim, "entries", lambda _: iter(first))
    used.touch()
    gone.unlink()
    assert trim.trim(tmp_path, 0).removed == 1
    assert (used.exists(), left.exists()) == (True, False)


def test_other_files_are_not_removed(tmp_path: Path) -> None:
    """Catches: `--disk-cache` with a directory that is not a cache."""
    ours = tmp_path / "cas" / "notes.txt"
    elsewhere = tmp_path / ("a" * 64)
    lock = tmp_path / "gc" / "lock"
    for path in (ours, elsewhere, lock):
        path.parent.mkdir(exist_ok=True)
        path.write_text("kept")
    trim.trim(tmp_path, 0)
    assert all(path.exists() for path in (ours, elsewhere, lock))


def test_partial_files_of_a_killed_bazel_are_removed_after_a_day(tmp_path: Path) -> None:
    old, new = tmp_path / "tmp" / "old", tmp_path / "tmp" / "new"
    old.parent.mkdir()
    for path, age in ((old, 25 * 3600), (new, 60)):
        path.write_text("half")
        os.utime(path, (NOW - age, NOW - age))
    trim.trim(tmp_path, 1 << 30)
    assert (old.exists(), new.exists()) == (False, True)


def test_trim_waits_while_bazel_trims(tmp_path: Path) -> None:
    add(tmp_path, "cas", "a", 1000, 5)
    (tmp_path / "gc").mkdir()
    with (tmp_path / "gc" / "lock").open("w") as lock:
        fcntl.lockf(lock, fcntl.LOCK_EX)
        waiting = subprocess.Popen(
            [sys.executable, PROGRAM, "--disk-cache", tmp_path, "--max-size", "0"],
            stdout=subprocess.DEVNULL,
        )
        with pytest.raises(subprocess.TimeoutExpired):
            waiting.wait(0.5)
    assert waiting.wait(10) == 0
    assert not list(trim.entries(tmp_path))


def test_the_caches_and_the_limit_are_those_of_builds(tmp_path: Path) -> None:
    assert trim.settings() == ("~/.cache/iree-release/disk-cache", "20G")
    home, moved = tmp_path / "home", tmp_path / "moved"
    for cache in (home / ".cache" / "iree-release", moved):
        (cache / "disk-cache").mkdir(parents=True)
    done = run(HOME=str(home), IREE_RELEASE_CACHE=str(moved))
    assert done.returncode == 0
    # The first is used with bazelisk, the second with the bootstrapped Bazel.
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == [
        f"disk cache {home}/.cache/iree-release/disk-cache",
        f"disk cache {moved}/disk-cache",
    ]
    assert "of at most 20.0 GiB" in done.stdout


@pytest.mark.parametrize(
    ("text", "size"), [("0", 0), ("7", 7), ("2K", 2048), ("5M", 5 << 20), ("20G", 20 << 30)]
)
def test_sizes_have_the_format_of_bazel(text: str, size: int) -> None:
    assert trim.parse_size(text) == size


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--max-size", "many"), "many: expected a size such as 500M or 20G"),
        (("--disk-cache", "nowhere"), "--disk-cache nowhere: no such directory"),
    ],
)
def test_bad_usage_is_reported(arguments: tuple[str, ...], message: str, tmp_path: Path) -> None:
    done = run(*arguments, HOME=str(tmp_path))
    assert done.returncode == 2
    assert message in done.stderr
