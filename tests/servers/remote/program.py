"""Runs servers on this machine during a test, and waits for them."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx


@contextmanager
def program(
    command: Sequence[object], log: Path, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Runs a program, and kills it at the end.

    Args:
      command: the program and its arguments.
      log: the file for its output.
      environment: variables to add to the environment.
    """
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
        ) as process,
    ):
        try:
            yield process
        finally:
            process.kill()


def await_answer(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Waits until a program answers HTTP requests.

    Raises:
      RuntimeError: the program exited.
    """
    with httpx.Client(timeout=None) as client:

        def answers() -> bool:
            try:
                client.get(url)
            except httpx.HTTPError:
                return False
            return True

        await_state(answers, process, log)


def await_port(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Waits until a program listens on a port.

    Raises:
      RuntimeError: the program exited.
    """

    def listens() -> bool:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            return False
        return True

    await_state(listens, process, log)


def await_state(reached: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    """Waits until a condition is met while a program runs.

    Raises:
      RuntimeError: the program exited.
    """
    while not reached():
        if process.poll() is not None:
            output = log.read_text(errors="replace")[-2000:]
            raise RuntimeError(f"{process.args!r} exited with {process.returncode}: {output}")
        time.sleep(0.05)


def free_port() -> int:
    """A local port that is not in use."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
