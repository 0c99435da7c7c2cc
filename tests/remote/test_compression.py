"""An engine that cannot compress still serves as a cache under the presets."""

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
    with small_workspace(tmp_path_factory.mktemp("small"), BUILD) as made:
        # As a user's own rc file would: what it says of every build comes before a preset.
        rc = made.path / ".bazelrc"
        rc.write_text(f"build --remote_cache_compression\n{rc.read_text()}")
        yield made


def built(workspace: SmallWorkspace, buildgrid: str, *presets: str) -> str:
    """Builds from nothing; returns what Bazel says of it."""
    workspace.bazelw("clean")
    done = workspace.bazelw(
        "build", "--disk_cache=", f"--remote_cache={buildgrid}", *presets, "//:made"
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


def test_a_preset_turns_off_what_another_rc_file_turns_on(
    workspace: SmallWorkspace, buildgrid: str
) -> None:
    """Catches: a build that uses no cache at all, prints one warning, and exits with 0."""
    built(workspace, buildgrid, "--config=remote_cache_push")
    assert "1 remote cache hit" in built(workspace, buildgrid, "--config=remote_cache")


def test_bazel_still_only_warns_of_an_engine_without_compression(
    workspace: SmallWorkspace, buildgrid: str
) -> None:
    """Catches: a Bazel that reports an error by now, so that the presets need no guard."""
    said = built(workspace, buildgrid, "--config=remote_cache", "--config=remote_compressed")
    assert "remote cache hit" not in said
    assert "compression" in said
