"""The locks of a directory store: kernel locks, which end with their process."""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from release.hosting.store import Busy


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Waits for a lock file, which is created if necessary, and holds its lock."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def lease(path: Path, store: str, tag: str) -> Iterator[None]:
    """Holds the lock of an existing file, and records the holder in it.

    Args:
      path: the lock file.
      store: the address of the store, for the message.
      tag: the tag of the release, for the message.

    Raises:
      Busy: another process holds it.
    """
    with path.open("r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "another process"
            raise Busy(
                f"{store}: {holder} is working on {tag}; run the command again when it has finished"
            ) from None
        file.truncate(0)
        file.write(
            f"process {os.getpid()} on {socket.gethostname()}, since "
            f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"
        )
        file.flush()
        yield
