"""What a store is: releases with files, the tags they belong to, and branches.

The remote side is the journal. Every operation here says what shall be true afterwards, looks at
what is, and does the rest; so it may be killed at any moment and called again, and doing it twice
is the same as once.
"""

from __future__ import annotations

import hashlib
import io
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Literal

from release.model.errors import Refused, RemoteError

Placed = Literal["uploaded", "replaced", "present"]
"""What `put` had to do: nothing of the name was there; a broken one was; the very bytes were."""


class Conflict(Refused):
    """Something else is already there under that name, and is left as it is."""


class Busy(RemoteError):
    """Somebody else is at work on that release just now."""


class Absent(Refused):
    """There is no such release or file."""


@dataclass(frozen=True, slots=True)
class StoreLimits:
    """What a store takes."""

    assets: int | None = None
    """Files of one release."""
    file_size: int | None = None
    """Bytes of one file."""


@dataclass(frozen=True, slots=True)
class StoredRelease:
    """A release in a store."""

    tag: str
    title: str
    notes: str
    """Markdown."""
    draft: bool
    """Not published: seen only by those who may write."""
    prerelease: bool
    created: datetime
    """UTC."""
    published: datetime | None
    """UTC; None of a draft."""


@dataclass(frozen=True, slots=True)
class Asset:
    """A file of a release in a store."""

    name: str
    size: int
    """Bytes."""
    sha256: str | None
    """Digest in hex; None where the store does not tell it, so that it must be read to be known."""
    uploaded: datetime
    """UTC."""
    url: str
    """Where everybody can download it: absolute, or relative to the root of a directory store."""
    complete: bool = True
    """False: its upload was interrupted; it is as good as absent."""


@dataclass(frozen=True, slots=True)
class Upload:
    """Bytes that shall become an asset."""

    name: str
    sha256: str
    """Digest in hex."""
    size: int
    """Bytes."""
    source: Path | bytes

    @classmethod
    def of_bytes(cls, name: str, data: bytes) -> Upload:
        """A file that exists in memory alone."""
        return cls(name, hashlib.sha256(data).hexdigest(), len(data), data)

    def open(self) -> BinaryIO:
        """The bytes, from the start.

        Raises:
          OSError: the file cannot be read.
        """
        return io.BytesIO(self.source) if isinstance(self.source, bytes) else self.source.open("rb")


class Store(ABC):
    """A place for releases.

    Every method may raise `RemoteError` (the store could not be reached after some tries; a rerun
    goes on), `UsageError` (no such store, or no right to do that) and what it says itself. All may
    be called from several threads.
    """

    address: str
    """As the user writes it: directory:PATH or github:OWNER/REPO."""
    local: bool
    """Whether it is this machine's alone, and takes development versions."""
    limits: StoreLimits
    root: Path | None = None
    """The directory that it is, where it is one."""

    @abstractmethod
    def releases(self) -> Iterator[StoredRelease]:
        """All releases, drafts too, the newest created first; read page by page."""

    def inventory(self) -> Iterator[tuple[StoredRelease, Mapping[str, Asset]]]:
        """All releases with their assets, the newest created first."""
        for release in self.releases():
            yield release, self.assets(release.tag)

    @abstractmethod
    def release(self, tag: str) -> StoredRelease | None:
        """The release of a tag, draft or not; None when there is none."""

    @abstractmethod
    def draft(self, tag: str, *, commit: str, title: str, notes: str) -> StoredRelease:
        """Makes a draft pre-release for a tag, unless the tag has a release, which is returned.

        Args:
          tag: need not exist yet.
          commit: where GitHub puts the tag on publishing when it does not exist.
          title: of a new draft.
          notes: of a new draft.
        """

    @abstractmethod
    def describe(self, tag: str, *, title: str, notes: str) -> StoredRelease:
        """Gives a release its title and notes.

        Raises:
          Absent: there is no such release.
        """

    @abstractmethod
    def publish(self, tag: str, *, prerelease: bool, latest: bool) -> StoredRelease:
        """Makes a draft visible to all; a published release stays published.

        Args:
          tag: of the draft.
          prerelease: whether it is marked as a pre-release.
          latest: whether it becomes the one that is shown as the latest; no pre-release can be.

        Raises:
          Absent: there is no such release.
        """

    @abstractmethod
    def remove(self, tag: str) -> None:
        """Removes a release with its assets, or does nothing; its tag stays."""

    @abstractmethod
    def tidy(self) -> None:
        """Removes what runs left that were killed, and that no listing shows."""

    @abstractmethod
    def assets(self, tag: str) -> Mapping[str, Asset]:
        """The assets of a release by name, interrupted ones too.

        Raises:
          Absent: there is no such release.
        """

    @abstractmethod
    def put(
        self, tag: str, content: Upload, *, sent: Callable[[int], None] = lambda _: None
    ) -> Placed:
        """Sees to it that a release has a file of that name with these bytes.

        What was interrupted is replaced. The digest is held against what the store then has.

        Args:
          tag: of the release.
          content: the file.
          sent: is told of bytes as they leave, a count for each piece; a negative one when a try
            failed and its bytes will be sent again.

        Raises:
          Conflict: a file of that name with other bytes is there.
          Absent: there is no such release.
        """

    @abstractmethod
    def discard(self, tag: str, name: str) -> None:
        """Removes an asset, or does nothing."""

    @abstractmethod
    def read(self, tag: str, name: str) -> Iterator[bytes]:
        """The bytes of an asset, piece by piece.

        Raises:
          Absent: there is no such release or asset.
        """

    @abstractmethod
    def find_links(self, tag: str) -> str:
        """What `pip install --find-links` takes to see the wheels of a published release."""

    @abstractmethod
    def tags(self) -> Mapping[str, str]:
        """The commit of each tag."""

    @abstractmethod
    def create_tag(self, tag: str, commit: str) -> None:
        """Sees to it that a tag is at a commit.

        Raises:
          Conflict: it is at another one.
        """

    @abstractmethod
    def remove_tag(self, tag: str) -> None:
        """Removes a tag, or does nothing."""

    @abstractmethod
    def branch(self, name: str) -> str | None:
        """The commit of a branch; None when there is none."""

    @abstractmethod
    def move_branch(self, name: str, commit: str) -> None:
        """Makes a branch, or moves it, also to where it never was."""

    @abstractmethod
    def lease(self, tag: str) -> AbstractContextManager[None]:
        """While it is held, nobody else works on that release.

        A holder that was killed holds it no longer: at once where that can be seen, else after a
        time that the message tells.

        Raises:
          Busy: somebody holds it; the message says who, and since when.
        """
