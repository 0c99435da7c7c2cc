"""A Bazel output base of a test: shares fetched repositories, and is removed after the test.

Its Bazel server is a daemon, so it would outlive a killed test. Run as a program, this file kills
the server: it waits until its standard input is closed, which the kernel does whenever the process
of the test exits.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

STARTUP = (
    # The server does not live long enough to benefit from the JVM's optimizing compiler.
    "--host_jvm_args=-XX:TieredStopAtLevel=1",
    # Longer than a command of `bazel run`, during which the server is idle.
    "--max_idle_secs=1800",
)
"""Startup options of servers in such output bases."""

_KILL_TIMEOUT = 10.0


@contextmanager
def output_base(
    path: Path, *, fetched: Path | None = None, exclude: Collection[str] = ()
) -> Iterator[Path]:
    """A temporary output base; it is removed afterwards, and its server killed.

    Args:
        path: its path, which does not exist.
        fetched: another output base whose external repositories it shares. Bazel uses those whose
            marker file matches, and fetches the others.
        exclude: names of repositories that it does not share, since they are not needed.
    """
    command = [sys.executable, "-BIS", __file__, path]
    with subprocess.Popen(
        [str(word) for word in command],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        # Survives when the process group of the test is killed.
        start_new_session=True,
    ) as keeper:
        path.mkdir(parents=True)
        if fetched:
            share_repositories(fetched, path, exclude)
        yield path
        # Leaving closes its input and waits for it.
    assert keeper.returncode == 0, f"{path} could not be removed"


def outer_output_base() -> Path | None:
    """The output base in which this test was built and runs, or None."""
    base, found, _ = __file__.partition("/execroot/")
    return Path(base) if found else None


def share_repositories(source: Path, target: Path, exclude: Collection[str] = ()) -> None:
    """Shares the external repositories of an output base with another one.

    Files become hard links: nothing writes to fetched files, and Bazel removes a repository before
    it fetches it again. Marker files are copied, since Bazel rewrites them.
    """
    for marker in (source / "external").glob("@*.marker"):
        name = marker.name.removeprefix("@").removesuffix(".marker")
        repository = source / "external" / name
        # Links point to Bazel's installation, and Bazel creates them quickly.
        if name in exclude or repository.is_symlink() or not repository.is_dir():
            continue
        copied = target / "external" / name
        shutil.copytree(repository, copied, symlinks=True, copy_function=_link)
        shutil.copy(marker, copied.with_name(marker.name))


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:  # On another file system, or with too many links already.
        shutil.copy2(source, target, follow_symlinks=False)


def server(base: Path) -> int | None:
    """The process ID of the server in an output base, or None."""
    with suppress(FileNotFoundError, ProcessLookupError, ValueError):
        process = int((base / "server" / "server.pid.txt").read_text())
        # The ID of a former server may belong to another process by now.
        command = Path(f"/proc/{process}/cmdline").read_bytes()
        if f"--output_base={base}".encode() in command.split(b"\0"):
            return process
    return None


def end(base: Path) -> None:
    """Kills the server in an output base, and removes the output base.

    Raises:
      OSError: a file cannot be removed.
    """
    deadline = time.monotonic() + _KILL_TIMEOUT
    while base.exists():
        while (process := server(base)) and time.monotonic() < deadline:
            os.kill(process, signal.SIGKILL)
            time.sleep(0.02)
        try:
            remove(base)
        except OSError:
            # Children of the server may write until they notice that it is gone.
            if time.monotonic() > deadline:
                raise


def remove(directory: Path) -> None:
    """Removes a directory, including read-only files and directories of Bazel.

    Raises:
      OSError: a file cannot be removed.
    """
    shutil.rmtree(directory, onerror=_retry_writable)


def _retry_writable(remove: Callable[[str], Any], path: str, _: Any) -> None:
    """Retries a removal: Bazel makes the directories that actions create read-only."""
    Path(path).parent.chmod(0o700)
    if remove in (os.unlink, os.rmdir):
        with suppress(FileNotFoundError):
            remove(path)
    else:  # A directory that cannot be read.
        Path(path).chmod(0o700)
        shutil.rmtree(path, onerror=_retry_writable)


if __name__ == "__main__":
    sys.stdin.buffer.read()
    end(Path(sys.argv[1]))
