"""The lease of a release: an asset that only one publisher can create, since names are unique.

Its label records the holder and the expiry time. If the holder ran on this machine and its process
has exited, the lease ends immediately; the lease of another machine ends when it expires.
"""

from __future__ import annotations

import io
import os
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from github import GithubException
from github.GitRelease import GitRelease
from github.GitReleaseAsset import GitReleaseAsset
from github.Repository import Repository

from release.hosting.github_client import Client, NotFound, is_taken
from release.hosting.store import Absent, Busy
from release.model.errors import CommandError, RemoteError

LEASE_DURATION = timedelta(minutes=15)
RENEWAL_INTERVAL = 300.0
"""Seconds."""

_LABEL = re.compile(r"(?P<host>\S+) process (?P<pid>\d+) begun (?P<begun>\d+) until (?P<until>\S+)")


@dataclass(frozen=True, slots=True)
class Holder:
    """The process that holds a lease."""

    host: str
    pid: int
    started: int
    """Start time of the process in kernel ticks; 0 if unknown."""

    @classmethod
    def this_process(cls) -> Holder:
        """This process."""
        host = socket.gethostname().replace(" ", "-") or "-"
        return cls(host, os.getpid(), _start_time(os.getpid()))

    def label(self, until: datetime) -> str:
        """The label of the asset."""
        return (
            f"{self.host} process {self.pid} begun {self.started} until "
            f"{until.isoformat(timespec='seconds')}"
        )

    def has_exited(self) -> bool:
        """Whether the process is known to have exited."""
        return self.host == Holder.this_process().host and _start_time(self.pid) != self.started


@contextmanager
def hold(
    client: Client,
    draft: Callable[[Repository], GitRelease],
    name: str,
    subject: str,
    *,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Iterator[None]:
    """Holds a lease.

    Args:
      client: the repository.
      draft: finds the release.
      name: the name of the asset.
      subject: the release, for messages.
      now: the clock.

    Raises:
      Busy: another process holds it.
      RemoteError: GitHub failed, or the lease was lost.
    """
    asset_id = _acquire(client, draft, name, subject, now)
    released = threading.Event()
    lost = threading.Event()

    def renew(repository: Repository) -> None:
        label = Holder.this_process().label(now() + LEASE_DURATION)
        repository.get_release_asset(asset_id).update_asset(name, label)

    def keep_renewing() -> None:
        while not released.wait(RENEWAL_INTERVAL):
            try:
                client.call("renewing the lease", renew)
            except NotFound:
                lost.set()
                return
            except CommandError:
                # The lease lasts long enough for further attempts.
                continue

    def release(repository: Repository) -> None:
        for asset in draft(repository).get_assets():
            if asset.id == asset_id:
                asset.delete_asset()

    thread = threading.Thread(target=keep_renewing, name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        released.set()
        # If the release was removed in the meantime, so was the lease.
        with suppress(Absent):
            client.call("releasing the lease", release)
        thread.join(timeout=1)
    if lost.is_set():
        raise RemoteError(
            f"{subject}: another process removed the lease; find out which, then run the command "
            "again"
        )


def _acquire(
    client: Client,
    draft: Callable[[Repository], GitRelease],
    name: str,
    subject: str,
    now: Callable[[], datetime],
) -> int:
    """Creates the asset, and returns its id."""
    own = Holder.this_process()

    def create(repository: Repository) -> int:
        release = draft(repository)
        existing = next((asset for asset in release.get_assets() if asset.name == name), None)
        if existing:
            held = _holder(existing)
            if held and held[0] == own:
                # The response to an earlier attempt was lost.
                return existing.id
            if held and not held[0].has_exited() and held[1] > now():
                raise Busy(
                    f"{subject}: process {held[0].pid} on {held[0].host} is working on it until at "
                    f"least {held[1]:%H:%M} UTC; run the command again after that"
                )
            existing.delete_asset()
        return release.upload_asset_from_memory(
            io.BytesIO(b"held\n"), 5, name, label=own.label(now() + LEASE_DURATION)
        ).id

    def attempt(repository: Repository) -> int | None:
        try:
            return create(repository)
        except GithubException as error:
            if is_taken(error):
                return None
            raise

    # If two processes create it at once, GitHub refuses one of them, which then looks again.
    for _ in range(3):
        asset_id = client.call("acquiring the lease", attempt)
        if asset_id is not None:
            return asset_id
    raise Busy(f"{subject}: other processes are working on it; run the command again later")


def _holder(asset: GitReleaseAsset) -> tuple[Holder, datetime] | None:
    """The holder and the expiry time; None if the label has none, as after a failed upload."""
    match = _LABEL.fullmatch(asset.label or "")
    if not match:
        return None
    try:
        until = datetime.fromisoformat(match["until"])
    except ValueError:
        return None
    return Holder(match["host"], int(match["pid"]), int(match["begun"])), until


def _start_time(pid: int) -> int:
    """Start time of a process in kernel ticks since boot; 0 without such a process, or /proc."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0
    # The name of the program may contain spaces and brackets; the fields after it do not.
    return int(status.rpartition(")")[2].split()[19])
