"""A private container engine for tests: started, with its own state, and stopped."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from docker.client import DockerClient

_TIMEOUT = 60  # seconds
# Its containers have no network, so it leaves the machine's network alone.
_FLAGS = (
    "--bridge=none",
    "--iptables=false",
    "--ip-masq=false",
    "--ip-forward=false",
    "--default-ulimit=nofile=20000:20000",
)


@contextmanager
def private_engine() -> Iterator[Any]:
    """Yields a client of a running dockerd, with DOCKER_HOST set to it.

    Skips the test where dockerd is not installed, may not be started, or does not start.
    """
    if shutil.which("dockerd", path=_search_path()) is None:
        pytest.skip("not run: dockerd is not on PATH")
    if os.geteuid() != 0:
        pytest.skip("not run: only root may start dockerd")
    # A socket's path must be short.
    with tempfile.TemporaryDirectory(prefix="engine-", ignore_cleanup_errors=True) as name:
        directory = Path(name)
        log = directory / "log"
        with log.open("wb") as stream:
            daemon = subprocess.Popen(
                [
                    *("dockerd", *_FLAGS),
                    *(f"--data-root={directory}/data", f"--exec-root={directory}/exec"),
                    *(f"--host=unix://{directory}/socket", f"--pidfile={directory}/pid"),
                ],
                env={**os.environ, "PATH": _search_path()},
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
            )
        try:
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("DOCKER_HOST", f"unix://{directory}/socket")
                client = _connect(daemon, directory / "socket", log)
                yield client
                client.close()
        finally:
            # This stops its containerd, too.
            daemon.terminate()
            try:
                daemon.wait(_TIMEOUT)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()


def _connect(daemon: subprocess.Popen[bytes], address: Path, log: Path) -> Any:
    deadline = time.monotonic() + _TIMEOUT
    while time.monotonic() < deadline and daemon.poll() is None:
        if _answers(address):
            return DockerClient.from_env()  # type: ignore[no-untyped-call]
        time.sleep(0.1)
    last = (log.read_text(errors="replace").splitlines() or ["no output"])[-1]
    pytest.skip(f"not run: dockerd does not start ({last})")


def _answers(address: Path) -> bool:
    # Not through the SDK, which leaves a socket open when it cannot connect.
    with socket.socket(socket.AF_UNIX) as connection:
        return connection.connect_ex(str(address)) == 0


def _search_path() -> str:
    return f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
