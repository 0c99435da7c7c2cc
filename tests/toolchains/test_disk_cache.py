"""Bazel keeps the disk cache within its size limit, and rebuilds trimmed files."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.small_workspace import SmallWorkspace, small_workspace
from toolchains.cache import trim

MAX_SIZE = 2 << 20
BUILD = """
[genrule(name = "big%d" % i, outs = ["big%d.bin" % i],
         cmd = "head -c 1000000 /dev/zero >$@; echo %d >>$@" % i) for i in range(6)]
genrule(name = "first", outs = ["first.txt"], cmd = "echo first >$@")
genrule(name = "second", srcs = ["first"], outs = ["second.txt"], cmd = "cat $< >$@; echo 2 >>$@")
genrule(name = "third", srcs = ["first"], outs = ["third.txt"], cmd = "cat $< >$@; echo 3 >>$@")
"""
BIG = tuple(f"//:big{number}" for number in range(6))


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallWorkspace]:
    with small_workspace(tmp_path_factory.mktemp("small"), BUILD) as workspace:
        yield workspace


def size(workspace: SmallWorkspace) -> int:
    """The size of the disk cache, in bytes."""
    return sum(entry.size for entry in trim.entries(workspace.disk_cache))


def fill(workspace: SmallWorkspace) -> None:
    """Builds all targets, so that the disk cache exceeds the limit."""
    done = workspace.build("--experimental_disk_cache_gc_max_size=0", *BIG)
    assert done.returncode == 0, done.stderr
    assert size(workspace) > MAX_SIZE


def test_bazel_trims_the_cache_after_a_command(workspace: SmallWorkspace) -> None:
    """Catches: trimming only after five idle minutes, which CI never waits for."""
    fill(workspace)
    assert (
        workspace.build(f"--experimental_disk_cache_gc_max_size={MAX_SIZE}", *BIG).returncode == 0
    )
    ends = time.monotonic() + 30
    while size(workspace) > MAX_SIZE and time.monotonic() < ends:
        time.sleep(0.2)
    assert 0 < size(workspace) <= MAX_SIZE


def test_the_command_trims_the_cache_while_bazel_runs_and_the_next_build_succeeds(
    workspace: SmallWorkspace,
) -> None:
    workspace.bazelw("clean")
    fill(workspace)
    command = [
        sys.executable,
        Path(trim.__file__),
        "--disk-cache",
        workspace.disk_cache,
        "--max-size",
        MAX_SIZE,
    ]
    subprocess.run([str(word) for word in command], check=True)
    assert 0 < size(workspace) <= MAX_SIZE
    workspace.bazelw("clean")
    done = workspace.build("--experimental_disk_cache_gc_max_size=0", *BIG)
    assert done.returncode == 0, done.stderr
    for number in range(6):
        built = workspace.path / "bazel-bin" / f"big{number}.bin"
        assert built.read_bytes() == b"\0" * 1_000_000 + b"%d\n" % number


def test_a_build_that_needs_a_trimmed_file_rebuilds_it(workspace: SmallWorkspace) -> None:
    """Catches: exit code 39, because Bazel did not download a file that was in the cache."""
    assert workspace.build("//:second").returncode == 0
    workspace.bazelw("clean")
    assert workspace.build("//:second").returncode == 0
    assert not (workspace.path / "bazel-bin" / "first.txt").exists()
    for entry in trim.entries(workspace.disk_cache):
        entry.path.unlink()
    done = workspace.build("//:third")
    assert done.returncode == 0, done.stderr
    assert (workspace.path / "bazel-bin" / "third.txt").read_text() == "first\n3\n"
