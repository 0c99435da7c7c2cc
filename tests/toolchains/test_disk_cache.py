"""The real Bazel keeps the disk cache within its bound, and survives what was trimmed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.workspace import root
from toolchains.cache import trim

MOST = 2 << 20
BUILD = """
[genrule(name = "big%d" % i, outs = ["big%d.bin" % i],
         cmd = "head -c 1000000 /dev/zero >$@; echo %d >>$@" % i) for i in range(6)]
genrule(name = "first", outs = ["first.txt"], cmd = "echo first >$@")
genrule(name = "second", srcs = ["first"], outs = ["second.txt"], cmd = "cat $< >$@; echo 2 >>$@")
genrule(name = "third", srcs = ["first"], outs = ["third.txt"], cmd = "cat $< >$@; echo 3 >>$@")
"""
BIG = tuple(f"//:big{number}" for number in range(6))


@dataclass(frozen=True, slots=True)
class Scene:
    """A small workspace with our .bazelrc and bazelw, and a disk cache of its own."""

    workspace: Path
    output: Path
    cache: Path

    def bazel(self, command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs bazelw."""
        ours = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("BUILD_", "PYTHON", "RUNFILES", "TEST_", "IREE_RELEASE_REMOTE"))
        }
        return subprocess.run(
            [self.workspace / "bazelw", f"--output_base={self.output}", command, *arguments],
            cwd=self.workspace,
            env=ours,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def build(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Builds with the cache."""
        return self.bazel("build", f"--disk_cache={self.cache}", *arguments)

    @property
    def size(self) -> int:
        """What the cache holds, in bytes."""
        return sum(entry.size for entry in trim._entries(self.cache))

    def fill(self) -> None:
        """Fills the cache beyond the bound, with all of it built."""
        done = self.build("--experimental_disk_cache_gc_max_size=0", *BIG)
        assert done.returncode == 0, done.stderr
        assert self.size > MOST


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("scene")
    made = Scene(folder / "workspace", folder / "output", folder / "disk-cache")
    made.workspace.mkdir()
    for name in ("bazelw", ".bazelrc", ".bazelversion"):
        shutil.copy(root() / name, made.workspace)
    for name in ("bazel", "cache", "debian"):
        target = made.workspace / "toolchains" / name
        shutil.copytree(root() / "toolchains" / name, target)
        (target / "BUILD.bazel").unlink()
    (made.workspace / "MODULE.bazel").write_text('module(name = "small")\n')
    (made.workspace / "BUILD.bazel").write_text(BUILD)
    try:
        yield made
    finally:
        made.bazel("clean", "--expunge")


def test_bazel_trims_it_when_a_command_has_ended(scene: Scene) -> None:
    """Catches: a bound that holds after five idle minutes, which a CI never waits."""
    scene.fill()
    assert scene.build(f"--experimental_disk_cache_gc_max_size={MOST}", *BIG).returncode == 0
    ends = time.monotonic() + 30
    while scene.size > MOST and time.monotonic() < ends:
        time.sleep(0.2)
    assert 0 < scene.size <= MOST


def test_the_command_trims_it_while_bazel_runs_and_the_next_build_is_right(scene: Scene) -> None:
    scene.bazel("clean")
    scene.fill()
    command = [sys.executable, Path(trim.__file__), "--disk-cache", scene.cache, "--max-size", MOST]
    subprocess.run([str(word) for word in command], check=True)
    assert 0 < scene.size <= MOST
    scene.bazel("clean")
    done = scene.build("--experimental_disk_cache_gc_max_size=0", *BIG)
    assert done.returncode == 0, done.stderr
    for number in range(6):
        built = scene.workspace / "bazel-bin" / f"big{number}.bin"
        assert built.read_bytes() == b"\0" * 1_000_000 + b"%d\n" % number


def test_a_build_that_needs_a_trimmed_file_makes_it_again(scene: Scene) -> None:
    """Catches: exit code 39, since Bazel left the file in the cache when it took it from there."""
    assert scene.build("//:second").returncode == 0
    scene.bazel("clean")
    assert scene.build("//:second").returncode == 0
    assert not (scene.workspace / "bazel-bin" / "first.txt").exists()
    for entry in trim._entries(scene.cache):
        entry.path.unlink()
    done = scene.build("//:third")
    assert done.returncode == 0, done.stderr
    assert (scene.workspace / "bazel-bin" / "third.txt").read_text() == "first\n3\n"
