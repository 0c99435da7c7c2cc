"""A Bazel output base of a test: it starts with what was fetched already, and ends with the test.

The Bazel server in it is a daemon, so it would outlive a test that is killed. Run as a program,
this file is what ends it then: it waits until its input is closed, which the kernel does when the
test's process ends, however that ends.
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
    # It lives too short for what the second compiler of the JVM gives.
    "--host_jvm_args=-XX:TieredStopAtLevel=1",
    # Longer than a command of `bazel run` goes on, while the server waits for the next.
    "--max_idle_secs=1800",
)
"""Startup options of a server in it."""

_DIES_WITHIN = 10.0


@contextmanager
def output_base(
    path: Path, *, fetched: Path | None = None, without: Collection[str] = ()
) -> Iterator[Path]:
    """An output base at a path that does not exist; it is gone after that, and so is its server.

    Args:
        path: where it lies.
        fetched: another output base, whose external repositories it gets. Bazel takes each that is
            what it would fetch itself, by the marker that it left, and fetches the others.
        without: names of repositories that it does not get, since nothing there needs them.
    """
    command = [sys.executable, "-BIS", __file__, path]
    with subprocess.Popen(
        [str(word) for word in command],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        # What kills the test's process group spares it.
        start_new_session=True,
    ) as keeper:
        path.mkdir(parents=True)
        if fetched:
            share_repositories(fetched, path, without)
        yield path
        # Leaving closes its input, and waits for it.
    assert keeper.returncode == 0, f"{path} could not be removed"


def of_this_test() -> Path | None:
    """The output base that this test was built in, if it runs there."""
    base, found, _ = __file__.partition("/execroot/")
    return Path(base) if found else None


def share_repositories(source: Path, target: Path, without: Collection[str] = ()) -> None:
    """Gives an output base the external repositories of another one.

    Files become hard links: nothing writes to a fetched file, and to fetch a repository again Bazel
    removes it first. Markers it rewrites, so they are copied.
    """
    for marker in (source / "external").glob("@*.marker"):
        name = marker.name.removeprefix("@").removesuffix(".marker")
        repository = source / "external" / name
        # Links are to Bazel's own installation, and made in no time.
        if name in without or repository.is_symlink() or not repository.is_dir():
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
    """The process of the server in an output base, if there is one."""
    with suppress(FileNotFoundError, ProcessLookupError, ValueError):
        process = int((base / "server" / "server.pid.txt").read_text())
        # The number of a server that is gone may be another process' by now.
        command = Path(f"/proc/{process}/cmdline").read_bytes()
        if f"--output_base={base}".encode() in command.split(b"\0"):
            return process
    return None


def end(base: Path) -> None:
    """Kills the server in an output base, and removes that.

    Raises:
      OSError: something of it cannot be removed.
    """
    until = time.monotonic() + _DIES_WITHIN
    while base.exists():
        while (process := server(base)) and time.monotonic() < until:
            os.kill(process, signal.SIGKILL)
            time.sleep(0.02)
        try:
            remove(base)
        except OSError:
            # What the server ran may write until it has noticed.
            if time.monotonic() > until:
                raise


def remove(directory: Path) -> None:
    """Removes a directory, and what Bazel protects in it.

    Raises:
      OSError: something of it cannot be removed.
    """
    shutil.rmtree(directory, onerror=_made_writable)


def _made_writable(remove: Callable[[str], Any], path: str, _: Any) -> None:
    """Retries a removal: Bazel makes the directories that actions create read-only."""
    Path(path).parent.chmod(0o700)
    if remove in (os.unlink, os.rmdir):
        with suppress(FileNotFoundError):
            remove(path)
    else:  # A directory that cannot be read.
        Path(path).chmod(0o700)
        shutil.rmtree(path, onerror=_made_writable)


if __name__ == "__main__":
    sys.stdin.buffer.read()
    end(Path(sys.argv[1]))
