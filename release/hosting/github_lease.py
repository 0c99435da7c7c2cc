"""The lease: an asset of a draft that only one publisher can make, since its name is taken once.

Its label says who holds it and until when. A holder on this machine whose process is gone holds it
no longer; one elsewhere, when it ran out.
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

LASTS = timedelta(minutes=15)
RENEWED_EVERY = 300.0
"""Seconds."""

_LABEL = re.compile(r"(?P<host>\S+) process (?P<pid>\d+) begun (?P<begun>\d+) until (?P<until>\S+)")


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lease."""

    host: str
    pid: int
    begun: int
    """When the process began, in the kernel's count; 0 where that is not known."""

    @classmethod
    def this_process(cls) -> Holder:
        """Who we are."""
        return cls(socket.gethostname().replace(" ", "-") or "-", os.getpid(), _begun(os.getpid()))

    def label(self, until: datetime) -> str:
        """As the asset's label says it."""
        return (
            f"{self.host} process {self.pid} begun {self.begun} until "
            f"{until.isoformat(timespec='seconds')}"
        )

    def is_gone(self) -> bool:
        """Whether it is known to live no more."""
        return self.host == Holder.this_process().host and _begun(self.pid) != self.begun


@contextmanager
def hold(
    client: Client,
    draft: Callable[[Repository], GitRelease],
    name: str,
    what: str,
    *,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Iterator[None]:
    """Holds a lease.

    Args:
      client: the repository.
      draft: finds the release.
      name: of the asset.
      what: is worked on, for messages.
      now: the clock.

    Raises:
      Busy: somebody holds it.
      RemoteError: GitHub failed, or the lease was lost meanwhile.
    """
    number = _take(client, draft, name, what, now)
    ended = threading.Event()
    lost = threading.Event()

    def renewed(repository: Repository) -> None:
        label = Holder.this_process().label(now() + LASTS)
        repository.get_release_asset(number).update_asset(name, label)

    def renew() -> None:
        while not ended.wait(RENEWED_EVERY):
            try:
                client.ask("renewing the lease", renewed)
            except NotFound:
                lost.set()
                return
            except CommandError:
                # It lasts for some more tries.
                continue

    def given_back(repository: Repository) -> None:
        for asset in draft(repository).get_assets():
            if asset.id == number:
                asset.delete_asset()

    thread = threading.Thread(target=renew, name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        # A release that was removed meanwhile took it along.
        with suppress(Absent):
            client.ask("giving the lease back", given_back)
        thread.join(timeout=1)
    if lost.is_set():
        raise RemoteError(f"{what}: somebody took the lease away; find out who, and run this again")


def _take(
    client: Client,
    draft: Callable[[Repository], GitRelease],
    name: str,
    what: str,
    now: Callable[[], datetime],
) -> int:
    """Makes the asset, and returns its number."""
    own = Holder.this_process()

    def taken(repository: Repository) -> int:
        release = draft(repository)
        there = next((one for one in release.get_assets() if one.name == name), None)
        if there:
            holder = _holder(there)
            if holder and holder[0] == own:
                # The answer to an earlier try was lost.
                return there.id
            if holder and not holder[0].is_gone() and holder[1] > now():
                raise Busy(
                    f"{what}: process {holder[0].pid} on {holder[0].host} is at work on it, until "
                    f"{holder[1]:%H:%M} UTC at least; run this again when it ended"
                )
            there.delete_asset()
        return release.upload_asset_from_memory(
            io.BytesIO(b"held\n"), 5, name, label=own.label(now() + LASTS)
        ).id

    def tried(repository: Repository) -> int | None:
        try:
            return taken(repository)
        except GithubException as error:
            if is_taken(error):
                return None
            raise

    # Of two that take it at once one is told that the name is taken, and looks again.
    for _ in range(3):
        number = client.ask("taking the lease", tried)
        if number is not None:
            return number
    raise Busy(f"{what}: others are at work on it; run this again")


def _holder(asset: GitReleaseAsset) -> tuple[Holder, datetime] | None:
    """Who holds it and until when; None when it does not say, as after an interrupted upload."""
    match = _LABEL.fullmatch(asset.label or "")
    if not match:
        return None
    try:
        until = datetime.fromisoformat(match["until"])
    except ValueError:
        return None
    return Holder(match["host"], int(match["pid"]), int(match["begun"])), until


def _begun(pid: int) -> int:
    """When a process began, in the kernel's count since boot; 0 when there is none, or no /proc."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0
    # The name of a program may have spaces and brackets; what follows has none.
    return int(status.rpartition(")")[2].split()[19])
