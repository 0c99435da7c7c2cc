"""An output base of a test is removed after the test, and shares fetched repositories."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.output_base import output_base, server, share_repositories
from toolchains import child_python

# A test that builds: its server is a daemon that runs during the test.
TEST = """
import subprocess, sys, time
from pathlib import Path
from tests.output_base import output_base

base = Path(sys.argv[1])
with output_base(base):
    program = "import time; print('runs', flush=True); time.sleep(600)"
    daemon = [sys.executable, "-c", program, f"--output_base={base}"]
    process = subprocess.Popen(daemon, start_new_session=True, stdout=subprocess.PIPE)
    # The kernel does not have its command line immediately after the start.
    process.stdout.readline()
    (base / "server").mkdir()
    (base / "server" / "server.pid.txt").write_text(str(process.pid))
    print(process.pid, flush=True)
    time.sleep(600)
"""


@pytest.fixture
def test_process(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", TEST, tmp_path / "output"],
        env=child_python.environment(),
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_the_server_of_a_killed_test_is_killed(
    test_process: subprocess.Popen[str], tmp_path: Path, number: signal.Signals
) -> None:
    """Catches: servers of timed-out tests that use a gigabyte each for hours."""
    assert test_process.stdout
    daemon = int(test_process.stdout.readline())
    base = tmp_path / "output"
    assert server(base) == daemon
    test_process.send_signal(number)
    test_process.wait()
    while base.exists() or running(daemon):
        time.sleep(0.02)


def running(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes() != b""  # A zombie has none.
    except FileNotFoundError:
        return False


def test_another_process_with_the_same_id_is_not_killed(tmp_path: Path) -> None:
    """Catches: a kill by a process ID that was reused."""
    with output_base(tmp_path / "output") as base:
        (base / "server").mkdir()
        (base / "server" / "server.pid.txt").write_text(str(os.getpid()))
        assert server(base) is None
    assert not base.exists()


def test_read_only_directories_are_removed(tmp_path: Path) -> None:
    with output_base(tmp_path / "output") as base:
        for name, mode in (("made", 0o555), ("sandbox", 0o000)):
            directory = base / name / "deeper"
            directory.mkdir(parents=True)
            (directory / "file").write_text("made")
            directory.chmod(mode)
            directory.parent.chmod(mode)
    assert not base.exists()


@pytest.fixture
def fetched(tmp_path: Path) -> Path:
    """An output base with two repositories, and one that was fetched only partially."""
    external = tmp_path / "outer" / "external"
    for name in ("one", "other", "half"):
        (external / name / "directory").mkdir(parents=True)
        (external / name / "directory" / "file").write_text(name)
        (external / name / "link").symlink_to("/nowhere")
    for name in ("one", "other"):
        (external / f"@{name}.marker").write_text(f"of {name}")
    (external / "@bazel_tools.marker").write_text("of Bazel")
    (external / "bazel_tools").symlink_to(tmp_path)
    return external


def test_repositories_are_shared(fetched: Path, tmp_path: Path) -> None:
    share_repositories(fetched.parent, tmp_path / "inner", exclude=["other"])
    external = tmp_path / "inner" / "external"
    assert sorted(path.name for path in external.iterdir()) == ["@one.marker", "one"]
    assert (external / "one" / "directory" / "file").samefile(
        fetched / "one" / "directory" / "file"
    )
    assert (external / "one" / "link").readlink() == Path("/nowhere")


def test_markers_are_not_shared(fetched: Path, tmp_path: Path) -> None:
    """Catches: an output base that changes the markers of the one that it shares with."""
    share_repositories(fetched.parent, tmp_path / "inner")
    (tmp_path / "inner" / "external" / "@one.marker").write_text("of another")
    assert (fetched / "@one.marker").read_text() == "of one"
