"""With the presets, a remote that does not support compression works as a cache."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.servers.remote import engines
from tests.small_workspace import SmallWorkspace, small_workspace

BUILD = 'genrule(name = "made", outs = ["made.txt"], cmd = "echo made >$@")\n'


@pytest.fixture(scope="module")
def buildgrid(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with engines.buildgrid(tmp_path_factory.mktemp("buildgrid")) as address:
        yield address


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallWorkspace]:
    with small_workspace(tmp_path_factory.mktemp("small"), BUILD) as workspace:
        # Like a user's rc file, which is read before the presets.
        rc = workspace.path / ".bazelrc"
        rc.write_text(f"build --remote_cache_compression\n{rc.read_text()}")
        yield workspace


def build(workspace: SmallWorkspace, buildgrid: str, *presets: str) -> str:
    """Runs a clean build; returns Bazel's messages."""
    workspace.bazelw("clean")
    done = workspace.bazelw(
        "build", "--disk_cache=", f"--remote_cache={buildgrid}", *presets, "//:made"
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


def test_a_preset_disables_compression_of_another_rc_file(
    workspace: SmallWorkspace, buildgrid: str
) -> None:
    """Catches: a build that does not use the cache, prints one warning, and exits with 0."""
    build(workspace, buildgrid, "--config=remote_cache_push")
    assert "1 remote cache hit" in build(workspace, buildgrid, "--config=remote_cache")


def test_bazel_only_warns_about_a_remote_without_compression(
    workspace: SmallWorkspace, buildgrid: str
) -> None:
    """Catches: a newer Bazel that reports an error, so that the presets need not disable it."""
    output = build(workspace, buildgrid, "--config=remote_cache", "--config=remote_compressed")
    assert "remote cache hit" not in output
    assert "compression" in output
